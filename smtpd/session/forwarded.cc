// Tested by tests/smtp/xforward*.smtp.
#include "smtpd/session/forwarded.h"

#include <fmt/format.h>

namespace headgate::session {
namespace {

void take(const std::optional<std::string>& given, std::string& field) {
  if (given) field = *given;
}

}  // namespace

void Forwarded::add(const proto::Xforward& given) {
  take(given.name, name);
  take(given.address, address);
  take(given.protocol, protocol);
  take(given.helo, helo);
  take(given.ident, queue_id);
  if (given.local) local = given.local;
  client = client || given.name || given.address || given.protocol || given.helo || given.port;
}

std::string Forwarded::name_and_address() const {
  return address == "unknown" ? name : fmt::format("{}[{}]", name, address);
}

std::string Forwarded::log_text() const {
  std::string text;
  if (!queue_id.empty()) text += fmt::format(", orig_queue_id={}", queue_id);
  if (client) text += fmt::format(", orig_client={}", name_and_address());
  return text;
}

bool Forwarded::is_local(bool otherwise) const {
  return local.value_or(client ? false : otherwise);
}

}  // namespace headgate::session
