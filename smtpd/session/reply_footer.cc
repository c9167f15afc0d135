// How: the template is cut at each \n, and only then are the $names of a piece expanded, so that nothing that a client says
// makes a line. What is put in for a name is not expanded again.
// Tested by tests/smtp/footer*.smtp; beside Postfix by tests/e2e/beside_postfix_test.py.
#include "smtpd/session/reply_footer.h"

#include <algorithm>
#include <ctime>
#include <deque>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "engine/checks/record_filter.h"
#include "smtpd/config/expand.h"
#include "smtpd/proto/address.h"

namespace headgate::session {
namespace {

constexpr std::string_view kNewline = "\\n", kContinue = "\\c";

std::string local_time(const Services& services) {
  const std::time_t now = WallTime::clock::to_time_t(services.env.wall());
  std::tm parts{};
  if (localtime_r(&now, &parts) == nullptr) return {};
  return fmt::format("{:%b %d %H:%M:%S}", parts);
}

std::optional<std::string> value_of(const Dialogue& dialogue, std::string_view name) {
  const Session& session = dialogue.session;
  const Peer& peer = session.peer;
  const std::string sender = session.envelope ? session.envelope->sender : "";
  const std::string_view null = session.envelope && sender.empty() ? "<>" : "";
  if (name == "client") return peer.name_and_address();
  if (name == "client_address") return peer.address;
  if (name == "client_name") return peer.name;
  if (name == "client_port") return fmt::to_string(peer.port);
  if (name == "reverse_client_name") return peer.reverse_name;
  if (name == "helo_name") return session.helo.value_or("");
  if (name == "sender") return std::string(null) + sender;
  if (name == "sender_name") return std::string(null) + std::string(proto::local_part(sender));
  if (name == "sender_domain") return std::string(proto::domain_part(sender));
  if (name == "server_name") return session.settings().myhostname;
  if (name == "localtime") return local_time(dialogue.services);
  // When the reply is made Postfix has forgotten the recipient already.
  if (name == "recipient" || name == "recipient_name" || name == "recipient_domain") return "";
  return std::nullopt;
}

// smtpd_expansion_filter: what it does not hold becomes '_'; and a dollar sign in a value is no name.
std::string harmless(std::string_view value, std::string_view allowed) {
  std::string out;
  for (const char c : value) {
    const char kept = allowed.find(c) == std::string_view::npos ? '_' : c;
    out += kept;
    if (kept == '$') out += kept;
  }
  return out;
}

std::string expanded(const Dialogue& dialogue, std::string_view piece) {
  const Session& session = dialogue.session;
  const std::string allowed =
      checks::unescape_characters(session.settings().smtpd_expansion_filter);
  std::deque<std::string> held;  // expand() borrows them
  const auto lookup = [&](std::string_view name) -> std::optional<std::string_view> {
    const std::optional<std::string> value = value_of(dialogue, name);
    if (!value)
      session.log(dialogue.services.log, Level::warning,
                  fmt::format("unknown macro name \"{}\" in expansion request", name));
    held.push_back(harmless(value.value_or(""), allowed));
    return held.back();
  };
  Result<std::string> text = config::expand(piece, lookup);
  if (text) return std::move(*text);
  session.log(dialogue.services.log, Level::warning, text.error().text());
  return {};
}

// The footer for this reply, unexpanded.
std::string footer_of(const Dialogue& dialogue, const proto::Reply& reply) {
  const Session& session = dialogue.session;
  tables::Maps& maps = *session.state->footer_maps;
  if (maps.empty()) return session.settings().smtpd_reject_footer;
  Result<std::optional<Found>> found = maps.find(reply.first_line());
  if (found && *found) return std::move((*found)->value);
  if (!found) session.log(dialogue.services.log, Level::warning, found.error().text());
  return session.settings().smtpd_reject_footer;
}

void append(const Dialogue& dialogue, std::string_view footer, proto::Reply& reply) {
  const bool goes_on = footer.starts_with(kContinue);
  if (goes_on) footer.remove_prefix(kContinue.size());
  bool to_last_line = goes_on && !reply.lines.empty();
  while (true) {
    const std::size_t end = footer.find(kNewline);
    std::string text = expanded(dialogue, footer.substr(0, end));
    if (to_last_line)
      reply.lines.back() += text;
    else
      reply.lines.push_back(std::move(text));
    to_last_line = false;
    if (end == std::string_view::npos) return;
    footer.remove_prefix(end + kNewline.size());
  }
}

}  // namespace

proto::Reply finished(const Dialogue& dialogue, proto::Reply reply) {
  if (reply.code >= 400) {
    const std::string footer = footer_of(dialogue, reply);
    if (!footer.empty()) append(dialogue, footer, reply);
  }
  return dialogue.session.settings().soft_bounce ? reply.softened() : reply;
}

}  // namespace headgate::session
