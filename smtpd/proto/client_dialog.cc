// Replies come in the order of the commands (RFC 2920), so one queue of what is expected serves both the pipelined and
// the one-by-one dialogue: pipelining only decides when the next command is written.
// Tested by tests/smtpd/proto/client_dialog_test.cc.
#include "smtpd/proto/client_dialog.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::proto {

namespace {

constexpr std::size_t kReplyLines = 100;       // of one reply that are kept
constexpr std::size_t kReplyLineBytes = 1024;  // of one line that are kept

std::string joined(const ServerReply& reply) {
  std::string all = fmt::to_string(reply.code);
  for (const std::string& line : reply.lines) all += " " + line;
  return text::printable(all);
}

bool is_dsn(std::string_view word) {
  const auto parts = text::split(word, ".");
  return parts.size() == 3 && std::count(word.begin(), word.end(), '.') == 2 &&
         parts[0].size() == 1 && (parts[0] == "2" || parts[0] == "4" || parts[0] == "5") &&
         parts[1].size() <= 3 && parts[2].size() <= 3 &&
         std::all_of(parts.begin(), parts.end(), text::all_digits);
}

}  // namespace

ReplyCollector::Progress ReplyCollector::add(std::string_view line) {
  if (line.size() < 3 || !text::all_digits(line.substr(0, 3)) || line[0] < '1' || line[0] > '5')
    return Progress::malformed;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return Progress::malformed;
  reply_.code = (line[0] - '0') * 100 + (line[1] - '0') * 10 +
                (line[2] - '0');  // of the last line, as Postfix
  if (reply_.lines.size() < kReplyLines)
    reply_.lines.emplace_back(line.size() > 4 ? line.substr(4, kReplyLineBytes)
                                              : std::string_view());
  return line.size() > 3 && line[3] == '-' ? Progress::more : Progress::complete;
}

ServerReply ReplyCollector::take() { return std::exchange(reply_, ServerReply()); }

std::string_view describe(ClientStage stage) {
  switch (stage) {
    case ClientStage::greeting:
      return "receiving the initial server greeting";
    case ClientStage::ehlo:
      return "performing the EHLO handshake";
    case ClientStage::helo:
      return "performing the HELO handshake";
    case ClientStage::mail:
      return "sending MAIL FROM";
    case ClientStage::rcpt:
      return "sending RCPT TO";
    case ClientStage::data:
      return "sending DATA command";
    case ClientStage::body:
      return "sending message body";
    case ClientStage::dot:
      return "sending end of data -- message may be sent more than once";
    case ClientStage::rset:
      return "sending RSET";
    case ClientStage::quit:
      return "sending QUIT";
  }
  return "talking";
}

std::string reply_dsn(const ServerReply& reply) {
  const char digit = static_cast<char>('0' + reply.code / 100);
  if (!reply.lines.empty()) {
    const auto words = text::split(reply.lines.back(), " \t");
    if (!words.empty() && is_dsn(words.front()) && words.front().front() == digit)
      return std::string(words.front());
  }
  return std::string(1, digit) + ".0.0";
}

std::string xtext(std::string_view s) {
  std::string out;
  for (const char c : s) {
    if (c > ' ' && c < 127 && c != '+' && c != '=')
      out.push_back(c);
    else
      out += fmt::format("+{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

ClientDialog::ClientDialog(ClientRequest request)
    : request_(std::move(request)),
      verdicts_(request_.recipients.size()),
      accepted_(request_.recipients.size(), false) {
  expected_.push_back({ClientStage::greeting});
}

std::string ClientDialog::take_output() { return std::exchange(output_, std::string()); }

ClientStage ClientDialog::stage() const {
  if (wants_content_) return ClientStage::body;
  return expected_.empty() ? ClientStage::quit : expected_.front().stage;
}

void ClientDialog::send(ClientStage stage, std::string line, std::size_t recipient) {
  output_ += line;
  output_ += "\r\n";
  expected_.push_back({stage, recipient});
}

void ClientDialog::on_reply(const ServerReply& reply) {
  if (expected_.empty()) return;
  const Expected expected = expected_.front();
  expected_.pop_front();
  switch (expected.stage) {
    case ClientStage::greeting:
      return on_greeting(reply);
    case ClientStage::ehlo:
      return on_hello(reply, true);
    case ClientStage::helo:
      return on_hello(reply, false);
    case ClientStage::mail:
      return on_mail(reply);
    case ClientStage::rcpt:
      return on_rcpt(reply, expected.recipient);
    case ClientStage::data:
      return on_data(reply);
    case ClientStage::dot:
      return on_dot(reply);
    case ClientStage::body:
    case ClientStage::rset:
    case ClientStage::quit:
      return;
  }
}

void ClientDialog::on_greeting(const ServerReply& reply) {
  if (reply.code / 100 == 2) return send(ClientStage::ehlo, "EHLO " + request_.helo_name);
  site_failed_ = true;
  ClientVerdict verdict = refusal(reply, {});
  verdict.text = fmt::format("host {} refused to talk to me: {}", request_.server, joined(reply));
  // smtp_skip_5xx_greeting: a 5xx here is about the host, another one or a later time may do.
  verdict.result = ClientResult::deferred;
  if (verdict.dsn.starts_with('5')) verdict.dsn[0] = '4';
  settle_all(verdict.result, verdict.dsn, verdict.text);
  send_quit();
}

void ClientDialog::on_hello(const ServerReply& reply, bool extended) {
  if (reply.code / 100 == 2) {
    if (extended) learn(reply);
    return begin_transaction();
  }
  if (extended && reply.code != 421) return send(ClientStage::helo, "HELO " + request_.helo_name);
  site_failed_ = true;
  ClientVerdict verdict = refusal(reply, {});
  verdict.text = fmt::format("host {} refused to talk to me: {}", request_.server, joined(reply));
  settle_all(verdict.result, verdict.dsn, verdict.text);
  send_quit();
}

void ClientDialog::learn(const ServerReply& reply) {
  for (std::size_t i = 1; i < reply.lines.size(); ++i) {
    const auto words = text::split(reply.lines[i], " \t=");
    if (words.empty()) continue;
    if (text::equal_ignore_case(words[0], "PIPELINING")) pipelining_ = true;
    if (text::equal_ignore_case(words[0], "8BITMIME")) eight_bit_ = true;
    if (text::equal_ignore_case(words[0], "SMTPUTF8")) smtputf8_ = true;
    if (text::equal_ignore_case(words[0], "DSN")) dsn_ = true;
    if (!text::equal_ignore_case(words[0], "SIZE")) continue;
    size_ = true;
    if (words.size() > 1) {
      const char* end = words[1].data() + words[1].size();
      if (std::from_chars(words[1].data(), end, size_limit_bytes_).ptr != end)
        size_limit_bytes_ = 0;
    }
  }
}

void ClientDialog::begin_transaction() {
  if (size_limit_bytes_ != 0 && request_.size_bytes > size_limit_bytes_) {
    settle_all(ClientResult::bounced, "5.3.4",
               fmt::format("message size {} exceeds size limit {} of server {}",
                           request_.size_bytes, size_limit_bytes_, request_.server));
    return send_quit();
  }
  if (request_.smtputf8_needed && !smtputf8_) {
    settle_all(
        ClientResult::bounced, "5.6.7",
        fmt::format("SMTPUTF8 is required, but was not offered by host {}", request_.server));
    return send_quit();
  }
  send_mail();
  if (!pipelining_) return;
  for (std::size_t i = 0; i < request_.recipients.size(); ++i) send_rcpt(i);
  send_data();
}

void ClientDialog::send_mail() {
  std::string line = fmt::format("MAIL FROM:<{}>", request_.sender);
  if (size_) line += fmt::format(" SIZE={}", request_.size_bytes);
  if (eight_bit_ && request_.body == Body::eight_bit_mime) line += " BODY=8BITMIME";
  if (eight_bit_ && request_.body == Body::seven_bit) line += " BODY=7BIT";
  if (request_.smtputf8 && smtputf8_) line += " SMTPUTF8";
  if (dsn_ && !request_.dsn_envid.empty()) line += " ENVID=" + xtext(request_.dsn_envid);
  if (dsn_ && !request_.dsn_ret.empty()) line += " RET=" + request_.dsn_ret;
  send(ClientStage::mail, std::move(line));
}

void ClientDialog::send_rcpt(std::size_t recipient) {
  const ClientRecipient& to = request_.recipients[recipient];
  std::string line = fmt::format("RCPT TO:<{}>", to.path);
  if (dsn_ && !to.orcpt.empty()) {
    const std::size_t semicolon = to.orcpt.find(';');
    if (semicolon != std::string::npos)
      line += fmt::format(" ORCPT={};{}", to.orcpt.substr(0, semicolon),
                          xtext(to.orcpt.substr(semicolon + 1)));
  }
  if (dsn_ && !to.notify.empty()) line += " NOTIFY=" + to.notify;
  send(ClientStage::rcpt, std::move(line), recipient);
}

void ClientDialog::send_data() { send(ClientStage::data, "DATA"); }

void ClientDialog::send_quit() { send(ClientStage::quit, "QUIT"); }

void ClientDialog::on_mail(const ServerReply& reply) {
  if (reply.code / 100 == 2) {
    if (!pipelining_) send_rcpt(0);
    return;
  }
  settle_all(reply, "MAIL FROM");
  if (!pipelining_) send_quit();  // else the answer to DATA is still to come
}

void ClientDialog::on_rcpt(const ServerReply& reply, std::size_t recipient) {
  if (reply.code / 100 == 2) {
    accepted_[recipient] = verdicts_[recipient].result == ClientResult::pending;
  } else if (verdicts_[recipient].result == ClientResult::pending) {
    ServerReply effective = reply;
    if (effective.code == 552) effective.code = 452;  // RFC 5321 §4.5.3.1.10: too many recipients
    verdicts_[recipient] = refusal(effective, "RCPT TO");
    verdicts_[recipient].text = refusal(reply, "RCPT TO").text;
  }
  if (pipelining_) return;
  if (recipient + 1 < request_.recipients.size()) return send_rcpt(recipient + 1);
  if (any_accepted()) return send_data();
  send_quit();
}

void ClientDialog::on_data(const ServerReply& reply) {
  if (reply.code / 100 == 3) {
    wants_content_ = true;  // also when nobody is left: the server waits for a dot
    return;
  }
  settle_all(reply, "DATA");
  send_quit();
}

void ClientDialog::content_sent() {
  wants_content_ = false;
  expected_.push_back({ClientStage::dot});
}

void ClientDialog::on_dot(const ServerReply& reply) {
  if (reply.code / 100 == 2)
    settle_all(ClientResult::sent, reply_dsn(reply), joined(reply));
  else
    settle_all(reply, "end of DATA");
  send_quit();
}

ClientVerdict ClientDialog::refusal(const ServerReply& reply, std::string_view command) const {
  ClientVerdict verdict;
  // A success where a refusal was expected, or nonsense: try again later.
  verdict.result = reply.code / 100 == 5 ? ClientResult::bounced : ClientResult::deferred;
  verdict.dsn = reply_dsn(reply);
  if (verdict.dsn.front() != '4' && verdict.dsn.front() != '5') verdict.dsn = "4.5.0";
  verdict.text = fmt::format("host {} said: {} (in reply to {} command)", request_.server,
                             joined(reply), command);
  return verdict;
}

void ClientDialog::settle_all(const ServerReply& reply, std::string_view command) {
  const ClientVerdict verdict = refusal(reply, command);
  settle_all(verdict.result, verdict.dsn, verdict.text);
}

void ClientDialog::settle_all(ClientResult result, const std::string& dsn,
                              const std::string& text) {
  for (std::size_t i = 0; i < verdicts_.size(); ++i) {
    if (verdicts_[i].result != ClientResult::pending) continue;
    verdicts_[i].result = result;
    verdicts_[i].dsn = dsn;
    verdicts_[i].text = text;
    accepted_[i] = false;
  }
}

void ClientDialog::lost(std::string dsn, std::string_view what) {
  const ClientStage at = stage();
  if (at == ClientStage::greeting || at == ClientStage::ehlo || at == ClientStage::helo)
    site_failed_ = true;
  abandon(dsn, fmt::format("{} while {}", what, describe(at)));
}

void ClientDialog::abandon(const std::string& dsn, const std::string& text) {
  settle_all(ClientResult::deferred, dsn, text);
  expected_.clear();
  wants_content_ = false;
}

bool ClientDialog::settled() const {
  return std::none_of(verdicts_.begin(), verdicts_.end(),
                      [](const ClientVerdict& v) { return v.result == ClientResult::pending; });
}

bool ClientDialog::any_accepted() const {
  return std::find(accepted_.begin(), accepted_.end(), true) != accepted_.end();
}

}  // namespace headgate::proto
