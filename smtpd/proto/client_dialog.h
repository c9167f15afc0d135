// ClientDialog: the client's side of one SMTP transaction as a pure machine: replies in, commands out.
// The driver: write take_output(); if wants_content(), send the encoded content and the final dot and say
// content_sent(); else, while awaits_reply(), read one reply and give it to on_reply(); until finished().
//   Units     recipients by index into Request::recipients; verdict() has one entry for each of them.
//   Threads   one owner.     Errors  none here; a broken connection is told to lost().
//   Source    smtp(8), RFC 5321, 1870, 2920, 3461, 6152; texts as Postfix logs them; smtpd.md §8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtpd/proto/command.h"

namespace headgate::proto {

struct ServerReply {
  int code = 0;                    // 100-599
  std::vector<std::string> lines;  // without code; enhanced codes still in them
};

// Takes reply lines without their end, until the one that ends a reply.
class ReplyCollector {
 public:
  enum class Progress { more, complete, malformed };
  Progress add(std::string_view line);
  ServerReply take();

 private:
  ServerReply reply_;
};

// What the next wait is for: timeouts and the words "while ..." in the log hang on it.
enum class ClientStage : std::uint8_t {
  greeting,
  ehlo,
  helo,
  mail,
  rcpt,
  data,
  body,
  dot,
  rset,
  quit
};

std::string_view describe(ClientStage stage);  // "receiving the initial server greeting"

struct ClientRecipient {
  std::string path;    // external form, without angle brackets
  std::string orcpt;   // "rfc822;a@b", not yet xtext; "" = none
  std::string notify;  // "" = none
};

struct ClientRequest {
  std::string helo_name;
  std::string server;  // "host[192.0.2.1]" for the texts
  std::string sender;  // external form
  std::vector<ClientRecipient> recipients;
  std::uint64_t size_bytes = 0;
  Body body = Body::unspecified;
  bool smtputf8 = false;           // said where the server offers it
  bool smtputf8_needed = false;    // something in it is not ASCII
  std::string dsn_ret, dsn_envid;  // envid not yet xtext
};

enum class ClientResult : std::uint8_t { pending, sent, deferred, bounced };

struct ClientVerdict {
  ClientResult result = ClientResult::pending;
  std::string dsn;
  std::string text;
};

class ClientDialog {
 public:
  explicit ClientDialog(ClientRequest request);

  std::string take_output();

  [[nodiscard]] bool wants_content() const { return wants_content_; }

  // False: 354 came although every recipient was refused; send the dot alone.
  [[nodiscard]] bool content_is_wanted() const { return any_accepted(); }

  void content_sent();

  [[nodiscard]] bool awaits_reply() const { return !expected_.empty(); }

  [[nodiscard]] ClientStage stage() const;
  void on_reply(const ServerReply& reply);
  // The connection broke or a deadline passed: whoever has no verdict yet is deferred.
  void lost(std::string dsn,
            std::string_view what);  // "lost connection with", "conversation timed out"

  // We ourselves cannot go on: the same, with `text` as it is.
  void abandon(const std::string& dsn, const std::string& text);

  [[nodiscard]] bool settled() const;  // every recipient has its verdict

  // Nothing but QUIT is left to say; its answer is of no interest.
  [[nodiscard]] bool finished() const {
    return settled() && !wants_content_ && (expected_.empty() || stage() == ClientStage::quit);
  }

  // The server would not talk at all (greeting, HELO): another one may.
  [[nodiscard]] bool site_failed() const { return site_failed_; }

  // The server announced 8BITMIME.
  [[nodiscard]] bool takes_eight_bit() const { return eight_bit_; }

  [[nodiscard]] const std::string& server() const { return request_.server; }

  [[nodiscard]] const std::vector<ClientVerdict>& verdicts() const { return verdicts_; }

 private:
  struct Expected {
    ClientStage stage;
    std::size_t recipient = 0;
  };

  void on_greeting(const ServerReply& reply);
  void on_hello(const ServerReply& reply, bool extended);
  void on_mail(const ServerReply& reply);
  void on_rcpt(const ServerReply& reply, std::size_t recipient);
  void on_data(const ServerReply& reply);
  void on_dot(const ServerReply& reply);

  void learn(const ServerReply& reply);
  void begin_transaction();
  void send_mail();
  void send_rcpt(std::size_t recipient);
  void send_data();
  void send_quit();
  void send(ClientStage stage, std::string line, std::size_t recipient = 0);
  void settle_all(const ServerReply& reply, std::string_view command);
  void settle_all(ClientResult result, const std::string& dsn, const std::string& text);
  [[nodiscard]] ClientVerdict refusal(const ServerReply& reply, std::string_view command) const;
  [[nodiscard]] bool any_accepted() const;

  ClientRequest request_;
  std::vector<ClientVerdict> verdicts_;
  std::vector<bool> accepted_;
  std::deque<Expected> expected_;
  std::string output_;
  bool pipelining_ = false, size_ = false, eight_bit_ = false, dsn_ = false, smtputf8_ = false;
  std::uint64_t size_limit_bytes_ = 0;
  bool wants_content_ = false, site_failed_ = false;
};

// The enhanced code that begins a reply text, or the plain one of the reply's class.
std::string reply_dsn(const ServerReply& reply);
std::string xtext(std::string_view s);  // RFC 3461 §4

}  // namespace headgate::proto
