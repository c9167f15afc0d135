// TcpWire as the server of a TLS connection over loopback; the client is OpenSSL's, on a thread of its own.
#include <sys/socket.h>

#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "smtpd/net/tcp_wire.h"
#include "smtpd/net/tls_context.h"
#include "tests/support/fake_env.h"
#include "tests/support/loopback_wire.h"
#include "tests/support/scratch_directory.h"
#include "tests/support/test_certificate.h"

namespace headgate::net {
namespace {

using testing::HasSubstr;
using testing_support::test_certificate;
using namespace std::chrono_literals;

// A blocking client; what it does is a function that gets the connection after the handshake.
class Client {
 public:
  explicit Client(int socket, const SSL_SESSION* resumed = nullptr, const char* name = nullptr,
                  int highest = 0)
      : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_, highest);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket);
    if (resumed != nullptr) SSL_set_session(ssl_, const_cast<SSL_SESSION*>(resumed));
    if (name != nullptr) SSL_set_tlsext_host_name(ssl_, name);
    connected_ = SSL_connect(ssl_) == 1;
  }

  ~Client() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    ERR_clear_error();
  }

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const int count = SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  std::string receive(std::size_t bytes) {
    std::string all;
    char buffer[4096];
    while (all.size() < bytes) {
      const int count = SSL_read(ssl_, buffer, sizeof buffer);
      if (count <= 0) break;
      all.append(buffer, static_cast<std::size_t>(count));
    }
    return all;
  }

  // True when the server said goodbye before it hung up.
  bool sees_goodbye() {
    char byte = 0;
    return SSL_get_error(ssl_, SSL_read(ssl_, &byte, 1)) == SSL_ERROR_ZERO_RETURN;
  }

  void say_goodbye() { SSL_shutdown(ssl_); }

  bool renegotiates() { return SSL_renegotiate(ssl_) == 1 && SSL_do_handshake(ssl_) == 1; }

  SSL_SESSION* session() { return SSL_get1_session(ssl_); }

  [[nodiscard]] bool reused() const { return SSL_session_reused(ssl_) == 1; }

  [[nodiscard]] std::string server_name() const {
    X509* certificate = SSL_get0_peer_certificate(ssl_);
    char text[128] = "";
    if (certificate != nullptr)
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text,
                                sizeof text);
    return text;
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  bool connected_ = false;
};

class TcpWireTlsTest : public testing_support::LoopbackWireTest {
 protected:
  void SetUp() override {
    options_.protocols = ">=TLSv1.2";
    options_.ciphers = "HIGH";
    options_.chain_files = {write("chain.pem", test_certificate("one.example").chain())};
    open();
    connect();
  }

  void TearDown() override { join(); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_.path(name)) << text;
    return directory_.path(name);
  }

  void open() {
    auto opened = TlsContext::open(options_, keys_, [this](const Diagnostic& d) {
      ADD_FAILURE() << d.text;
      static_cast<void>(this);
    });
    ASSERT_TRUE(opened);
    context_ = *opened;
  }

  template <class Work>
  void client(Work work) {
    join();
    thread_ = std::thread([this, work] { work(peer_.native_handle()); });
  }

  void join() {
    if (thread_.joinable()) thread_.join();
  }

  Result<TlsInfo> handshake(std::chrono::milliseconds timeout = 60s, TlsNames* names = nullptr) {
    TlsStart how(context_);
    how.timeout = timeout;
    how.names = names;
    how.trace = true;
    how.say = [this](Severity, std::string text) { said_.push_back(std::move(text)); };
    return await(wire_->start_tls(how));
  }

  testing_support::FakeEnv env_;
  testing_support::ScratchDirectory directory_;
  TlsOptions options_;
  std::shared_ptr<TlsTicketKeys> keys_ = std::make_shared<TlsTicketKeys>(env_, 3600s);
  std::shared_ptr<TlsContext> context_;
  std::thread thread_;
  std::vector<std::string> said_;
};

// 1024: the size of the small buffer, which may not be all full when more is to be read.
TEST_F(TcpWireTlsTest, APartialLineMayFillTheSmallBuffer) {
  client([&](int socket) {
    Client client(socket);
    client.send(std::string(100, 'a') + "\r\n" + std::string(1024, 'b'));
    EXPECT_EQ(client.receive(4), "more");
    client.send("\r\n");
  });
  ASSERT_TRUE(handshake());
  Result<Line> line = read_line();
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, std::string(100, 'a'));
  wire_->queue("more");
  ASSERT_TRUE(await(wire_->flush()));
  line = read_line();
  ASSERT_TRUE(line) << line.error().text();
  EXPECT_EQ(line->text, std::string(1024, 'b'));
}

TEST_F(TcpWireTlsTest, LinesAndRepliesGoThroughAndBothSayGoodbye) {
  bool goodbye = false;
  client([&](int socket) {
    Client client(socket);
    client.send("EHLO a\r\nMAIL");
    client.send(" FROM:<>\r\n");
    EXPECT_EQ(client.receive(8), "250 Ok\r\n");
    goodbye = client.sees_goodbye();
  });
  const Result<TlsInfo> tls = handshake();
  ASSERT_TRUE(tls) << tls.error().text();
  EXPECT_EQ(tls->protocol, "TLSv1.3");
  EXPECT_EQ(tls->cipher, "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(tls->cipher_bits, 256);
  EXPECT_EQ(tls->key_exchange, "X25519");
  EXPECT_EQ(tls->server_signature, "ECDSA (prime256v1)");
  EXPECT_EQ(tls->server_digest, "SHA256");
  EXPECT_EQ(tls->peer, TlsInfo::Peer::anonymous);
  EXPECT_FALSE(tls->reused);
  ASSERT_FALSE(said_.empty());
  EXPECT_EQ(said_.front(), "SSL_accept:before SSL initialization");
  EXPECT_EQ(read_line()->text, "EHLO a");
  EXPECT_EQ(read_line()->text, "MAIL FROM:<>");
  wire_->queue("250 Ok\r\n");
  EXPECT_TRUE(await(wire_->flush()));
  wire_->close();
  join();
  EXPECT_TRUE(goodbye);
}

TEST_F(TcpWireTlsTest, AnOlderProtocolIsNamedAsItIs) {
  client([](int socket) { Client(socket, nullptr, nullptr, TLS1_2_VERSION).send("NOOP\r\n"); });
  const Result<TlsInfo> tls = handshake();
  ASSERT_TRUE(tls);
  EXPECT_EQ(tls->protocol, "TLSv1.2");
  EXPECT_EQ(tls->cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
  EXPECT_EQ(tls->key_exchange, "");
  EXPECT_EQ(read_line()->text, "NOOP");
}

TEST_F(TcpWireTlsTest, AProtocolThatIsExcludedFails) {
  client([](int socket) {
    EXPECT_FALSE(Client(socket, nullptr, nullptr, TLS1_1_VERSION).connected());
  });
  const Result<TlsInfo> tls = handshake();
  ASSERT_FALSE(tls);
  EXPECT_EQ(tls.error().code, Code::io);
  EXPECT_THAT(tls.error().what,
              HasSubstr("TLS library problem: error:0A000102:SSL routines::unsupported protocol"));
}

TEST_F(TcpWireTlsTest, WhatWasSentInTheClearBeforeIsThrownAway) {
  const std::string_view injected = "STARTTLS\r\nRSET\r\nMAIL FROM:<evil@example>\r\n";
  aio::write(peer_, aio::buffer(injected.data(), injected.size()));
  EXPECT_EQ(read_line()->text, "STARTTLS");
  EXPECT_NE(wire_->buffered(), "");
  client([](int socket) { Client(socket).send("NOOP\r\n"); });
  ASSERT_TRUE(handshake());
  EXPECT_EQ(wire_->buffered(), "");
  EXPECT_EQ(read_line()->text, "NOOP");
}

TEST_F(TcpWireTlsTest, SomethingElseThanTlsIsToldByTheLibrary) {
  aio::write(peer_, aio::buffer("EHLO plaintext.example\r\n", 24));
  const Result<TlsInfo> tls = handshake();
  ASSERT_FALSE(tls);
  EXPECT_EQ(tls.error().code, Code::io);
  EXPECT_THAT(tls.error().what, HasSubstr("SSL routines::"));
  wire_->queue("421 no\r\n");
  EXPECT_FALSE(await(wire_->flush())) << "nothing may be said in the clear";
}

TEST_F(TcpWireTlsTest, AHandshakeThatStallsIsCut) {
  const Result<TlsInfo> tls = handshake(30ms);
  ASSERT_FALSE(tls);
  EXPECT_EQ(tls.error().code, Code::timeout);
}

TEST_F(TcpWireTlsTest, APeerThatHangsUpInTheHandshakeIsClosed) {
  peer_.close();
  const Result<TlsInfo> tls = handshake();
  ASSERT_FALSE(tls);
  EXPECT_EQ(tls.error().code, Code::closed);
}

TEST_F(TcpWireTlsTest, AnInterruptEndsAHandshakeAndALaterRead) {
  aio::post(io_, [this] { wire_->interrupt(); });
  const Result<TlsInfo> tls = handshake();
  ASSERT_FALSE(tls);
  EXPECT_EQ(tls.error().code, Code::cancelled);
  connect();
  client([](int socket) {
    Client client(socket);
    EXPECT_EQ(client.receive(9), "421 bye\r\n");
  });
  ASSERT_TRUE(handshake());
  aio::post(io_, [this] { wire_->interrupt(); });
  const Result<Line> line = read_line();
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, Code::cancelled);
  wire_->queue("421 bye\r\n");
  EXPECT_TRUE(await(wire_->flush()));
}

TEST_F(TcpWireTlsTest, AReadHasItsDeadlineAndTheBudgetOfBeforeHolds) {
  client([](int socket) {
    Client client(socket);
    client.receive(1);  // until the server hangs up
  });
  DeadlinePolicy policy;
  policy.budget = 30ms;
  wire_->set_deadline_policy(policy);
  ASSERT_TRUE(handshake());
  const Result<Line> line = read_line();
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, Code::timeout);
  wire_->close();
}

TEST_F(TcpWireTlsTest, AClientThatHangsUpWithOrWithoutAGoodbyeIsClosed) {
  for (const bool politely : {true, false}) {
    connect();
    client([this, politely](int socket) {
      Client client(socket);
      client.send("QUIT\r\n");
      if (politely) client.say_goodbye();
      ::shutdown(socket, SHUT_WR);
    });
    ASSERT_TRUE(handshake());
    EXPECT_EQ(read_line()->text, "QUIT");
    const Result<Line> line = read_line();
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code, Code::closed) << politely;
    join();
  }
}

TEST_F(TcpWireTlsTest, MegabytesGoBothWays) {
  std::string content;
  while (content.size() < 5'000'000) content += "0123456789 abcdefghijklmnopqrstuvwxyz\r\n";
  std::string received;
  client([&](int socket) {
    Client client(socket);
    client.send(content);
    received = client.receive(content.size());
  });
  ASSERT_TRUE(handshake());
  std::string got;
  while (got.size() < content.size()) {
    const Result<std::string_view> some = await(wire_->read_some());
    ASSERT_TRUE(some) << some.error().text();
    got += *some;
    wire_->consume(some->size());
  }
  EXPECT_EQ(got, content);
  wire_->queue(got);
  EXPECT_TRUE(await(wire_->flush()));
  join();
  EXPECT_EQ(received, content);
}

TEST_F(TcpWireTlsTest, PendingLooksThroughTls) {
  client([](int socket) {
    Client client(socket);
    client.send("DATA\r\n");
    client.receive(1);
  });
  ASSERT_TRUE(handshake());
  while (wire_->pending().empty()) {
  }
  EXPECT_EQ(wire_->pending(), "DATA\r\n");
  EXPECT_EQ(read_line()->text, "DATA");
  EXPECT_EQ(wire_->pending(), "");
  wire_->close();
}

TEST_F(TcpWireTlsTest, RenegotiationIsNotToBeHad) {
  bool renegotiated = true;
  client([&](int socket) {
    Client client(socket, nullptr, nullptr, TLS1_2_VERSION);
    renegotiated = client.renegotiates();
  });
  ASSERT_TRUE(handshake());
  EXPECT_FALSE(read_line());
  wire_->close();
  join();
  EXPECT_FALSE(renegotiated);
}

TEST_F(TcpWireTlsTest, ATicketResumesASessionAlsoAfterAReload) {
  SSL_SESSION* session = nullptr;
  const auto talk = [&](int socket) {
    Client client(socket, session);
    client.send("NOOP\r\n");
    client.receive(1);  // and with it the ticket
    if (session == nullptr) session = client.session();
    client.say_goodbye();  // otherwise its library throws the session away
  };
  const auto serve = [&] {
    client(talk);
    const Result<TlsInfo> tls = handshake();
    EXPECT_TRUE(tls);
    EXPECT_TRUE(read_line());
    wire_->queue(".");
    EXPECT_TRUE(await(wire_->flush()));
    wire_->close();
    join();
    return tls && tls->reused;
  };
  EXPECT_FALSE(serve());
  connect();
  EXPECT_TRUE(serve());
  open();  // another context with the same keys
  connect();
  EXPECT_TRUE(serve());
  options_.service = "another";
  open();
  connect();
  EXPECT_FALSE(serve()) << "a session of one service is none of another";
  keys_ = std::make_shared<TlsTicketKeys>(env_, 3600s);
  options_.service.clear();
  open();
  connect();
  EXPECT_FALSE(serve());
  SSL_SESSION_free(session);
}

class TwoNames final : public TlsNames {
 public:
  explicit TwoNames(std::shared_ptr<const TlsCertificates> two) : two_(std::move(two)) {}

  Result<std::shared_ptr<const TlsCertificates>> find(std::string_view name) override {
    if (name == "broken.example") return fail(Code::unavailable, "no table");
    return name == "two.example" ? two_ : nullptr;
  }

 private:
  std::shared_ptr<const TlsCertificates> two_;
};

TEST_F(TcpWireTlsTest, AServerNameMayHaveCertificatesOfItsOwn) {
  const auto two =
      TlsCertificates::read_chains_of(test_certificate("two.example").chain(), "two",
                                      [](const Diagnostic& d) { ADD_FAILURE() << d.text; });
  ASSERT_TRUE(two);
  TwoNames names(*two);
  const std::pair<const char*, const char*> cases[] = {{"two.example", "two.example"},
                                                       {"other.example", "one.example"},
                                                       {nullptr, "one.example"},
                                                       {"broken.example", ""}};
  for (const auto& [asked, shown] : cases) {
    connect();
    std::string seen;
    client([&, asked = asked](int socket) { seen = Client(socket, nullptr, asked).server_name(); });
    const Result<TlsInfo> tls = handshake(60s, &names);
    join();
    EXPECT_EQ(seen, shown);
    EXPECT_EQ(tls.has_value(), *shown != '\0');
    if (!tls) continue;
    EXPECT_EQ(tls->server_name, std::string_view(shown) == "two.example" ? shown : "");
  }
}

}  // namespace
}  // namespace headgate::net
