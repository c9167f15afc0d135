// SMTP session: arbitrary bytes to a whole conversation in memory, in several configurations: every verb that a client can
// say, DATA and BDAT with it, XCLIENT and XFORWARD as a client that may; STARTTLS offered, wanted, and TLS from the start,
// with handshakes that fail and certificates with any names. The first byte picks the configuration and how the input is cut.
// Invariants: no crash; the server's output is replies, lines of printable bytes; a message is stored exactly when its
// "queued as" was said; no queue file stays open.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "smtpd/net/tls_info.h"
#include "smtpd/net/wire.h"
#include "tests/smtpd/session/session_house.h"
#include "tests/support/test_certificate.h"

namespace {

using namespace headgate;
using session::SessionHouse;

void require(bool holds) {
  if (!holds) std::abort();
}

// A client that has said all it will say; it hears everything.
class FuzzWire final : public net::Wire {
 public:
  FuzzWire(std::string_view input, std::size_t most) : input_(input), most_(most) {}

  void set_deadline_policy(net::DeadlinePolicy) override {}

  void reset_deadline() override {}

  Task<Result<net::Line>> read_line(std::size_t limit_bytes) override {
    const std::size_t newline = input_.find('\n');
    if (newline == std::string_view::npos) co_return fail(Code::closed, "end of input");
    std::string_view text = input_.substr(0, newline);
    input_.remove_prefix(newline + 1);
    net::Line line;
    line.bare_newline = text.empty() || text.back() != '\r';
    while (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    line.truncated = text.size() > limit_bytes;
    line.text = text.substr(0, limit_bytes);
    co_return line;
  }

  Task<Result<std::string_view>> read_some() override {
    if (input_.empty()) co_return fail(Code::closed, "end of input");
    co_return input_.substr(0, most_);
  }

  void consume(std::size_t bytes) override { input_.remove_prefix(bytes); }

  std::string_view pending() override { return {}; }  // a well-behaved client

  [[nodiscard]] std::string_view buffered() const override { return input_; }

  void queue(std::string_view bytes) override { said += bytes; }

  Task<Result<void>> flush() override { co_return Result<void>(); }

  // The next byte says how the handshake ends, and how many bytes the name in the client's certificate has.
  Task<Result<net::TlsInfo>> start_tls(const net::TlsStart&) override {
    if (input_.empty()) co_return fail(Code::closed, "end of input");
    const auto how = static_cast<unsigned char>(input_.front());
    input_.remove_prefix(1);
    if (how % 8 == 7) co_return fail(Code::io, "handshake");
    net::TlsInfo info;
    info.protocol = how % 2 == 0 ? "TLSv1.3" : "TLSv1.2";
    info.cipher = "TLS_AES_256_GCM_SHA384";
    info.cipher_bits = info.algorithm_bits = 256;
    if (how % 2 == 0) info.key_exchange = "X25519";
    info.peer = static_cast<net::TlsInfo::Peer>(how / 8 % 3);
    const std::size_t size = std::min<std::size_t>(how / 24, input_.size());
    info.peer_name = info.issuer_name = std::string(input_.substr(0, size));
    input_.remove_prefix(size);
    co_return info;
  }

  void close() override {}

  void interrupt() override {}

  std::string said;

 private:
  std::string_view input_;
  std::size_t most_;
};

constexpr const char* kConfigurations[] = {
    "smtpd_authorized_xclient_hosts = 192.0.2.0/24\nsmtpd_authorized_xforward_hosts = "
    "192.0.2.0/24\n",
    "smtpd_forbid_bare_newline = reject\nsmtpd_delay_reject = no\nsoft_bounce = yes\n"
    "smtpd_client_restrictions = permit\nsmtpd_end_of_data_restrictions = reject\n",
    "smtpd_forbid_bare_newline = no\nmessage_size_limit = 200\nstrict_smtputf8 = yes\n"
    "smtpd_reject_footer = \\c $client_name $sender ${helo_name?{$helo_name}:{-}}\\nline two\n",
    "smtputf8_enable = no\nsmtpd_helo_required = yes\nstrict_rfc821_envelopes = yes\n"
    "smtpd_discard_ehlo_keywords = chunking, dsn\nsmtpd_noop_commands = PING\n",
    "smtpd_tls_security_level = may\nsmtpd_tls_received_header = yes\nsmtpd_tls_loglevel = 1\n"
    "smtpd_tls_ask_ccert = yes\nsmtpd_tls_cert_file = $config_directory/cert.pem\n",
    "smtpd_tls_security_level = encrypt\nsmtpd_tls_cert_file = $config_directory/cert.pem\n"
    "smtpd_tls_req_ccert = yes\nsmtpd_authorized_xclient_hosts = 192.0.2.0/24\n",
    "smtpd_tls_wrappermode = yes\nsmtpd_tls_cert_file = $config_directory/cert.pem\n"
    "smtpd_tls_received_header = yes\n",
};

std::vector<std::unique_ptr<SessionHouse>> open_houses() {
  std::vector<std::unique_ptr<SessionHouse>> houses;
  for (const char* configuration : kConfigurations) {
    houses.push_back(std::make_unique<SessionHouse>());
    houses.back()->write("cert.pem", testing_support::test_certificate("mx.here.example").chain());
    const std::string limits =
        "smtpd_error_sleep_time = 0\nsmtpd_hard_error_limit = 1000\nsmtpd_junk_command_limit = "
        "1000\n";
    require(static_cast<bool>(houses.back()->configure(configuration + limits)));
  }
  return houses;
}

void check_replies(std::string_view said) {
  while (!said.empty()) {
    const std::size_t end = said.find("\r\n");
    require(end != std::string_view::npos && end >= 4);
    const std::string_view line = said.substr(0, end);
    for (const char c : line) require(static_cast<unsigned char>(c) >= 32 && c != 127);
    require(line[0] >= '2' && line[0] <= '5' && (line[3] == ' ' || line[3] == '-'));
    said.remove_prefix(end + 2);
  }
}

// Only the server says "queued as": not in a reply that quotes the client.
std::size_t taken(std::string_view said) {
  std::size_t count = 0;
  while (!said.empty()) {
    const std::size_t end = said.find("\r\n");
    const std::string_view line = said.substr(0, end);
    if (line.starts_with("250 2.0.0 Ok: ") && line.find("queued as ") != std::string_view::npos)
      ++count;
    said.remove_prefix(end + 2);
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::unique_ptr<SessionHouse>> houses = open_houses();
  if (size == 0) return 0;
  SessionHouse& house = *houses[data[0] % houses.size()];
  const std::size_t most = 1 + data[0] / houses.size();
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  house.spool.messages.clear();
  house.log.clear();
  house.door.woken.clear();

  FuzzWire wire(input, most);
  session::FakeStates states(house.calm);
  session::Peer peer;
  peer.name = "client.example";
  peer.address = "192.0.2.7";
  session::Session session(7, "smtp", std::move(peer), states.state);
  session::Dialogue dialogue(wire, session, house.services());
  aio::io_context io;
  aio::co_spawn(io, session::converse(dialogue, states),
                [](std::exception_ptr error) { require(!error); });
  io.run();

  check_replies(wire.said);
  require(house.spool.open_writers == 0);
  require(house.spool.messages.size() == taken(wire.said));
  return 0;
}
