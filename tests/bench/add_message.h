// A message, given as one text, for MailKeys.
#pragma once

#include <string_view>

#include "bench/peers/mail_keys.h"

namespace headgate::peers {

inline void add_message(MailKeys& keys, std::string_view message) {
  keys.begin("m");
  while (!message.empty()) {
    const std::size_t end = message.find('\n');
    keys.record(message.substr(0, end), false);
    message.remove_prefix(end + 1);
  }
  keys.end();
}

}  // namespace headgate::peers
