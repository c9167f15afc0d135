// Tested by capabilities_test.
#include "smtpd/proto/capabilities.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/proto/peer_attributes.h"

namespace headgate::proto {
namespace {

// Postfix logs what is hidden in this order, however it was written.
constexpr std::string_view kLogOrder[] = {
    "8BITMIME", "AUTH",     "ETRN",     "PIPELINING",          "SIZE", "VERP",     "VRFY",
    "XCLIENT",  "XFORWARD", "STARTTLS", "ENHANCEDSTATUSCODES", "DSN",  "SMTPUTF8", "CHUNKING",
};

}  // namespace

Capabilities::Capabilities(const Features& features, const std::vector<std::string>& discard) {
  const auto hidden = [&discard](std::string_view keyword) {
    return std::any_of(discard.begin(), discard.end(), [keyword](const std::string& word) {
      return text::equal_ignore_case(word, keyword);
    });
  };
  const std::string size = features.message_size_limit == 0
                               ? std::string("SIZE")
                               : fmt::format("SIZE {}", features.message_size_limit);
  const std::pair<bool, std::string> offered[] = {
      {true, "PIPELINING"},
      {true, size},
      {features.vrfy, "VRFY"},
      {true, "ETRN"},
      {features.starttls, "STARTTLS"},
      {features.xclient, fmt::format("XCLIENT {}", kXclientAttributes)},
      {features.xforward, fmt::format("XFORWARD {}", kXforwardAttributes)},
      {true, "ENHANCEDSTATUSCODES"},
      {true, "8BITMIME"},
      {true, "DSN"},
      {features.smtputf8, "SMTPUTF8"},
      {true, "CHUNKING"},
  };
  for (const auto& [offer, line] : offered) {
    const std::string_view keyword = std::string_view(line).substr(0, line.find(' '));
    if (offer && !hidden(keyword)) lines_.push_back(line);
  }
  if (hidden("silent-discard")) return;
  for (const std::string_view word : kLogOrder) {
    if (!hidden(word)) continue;
    discard_log_ += discard_log_.empty() ? "discarding EHLO keywords: " : " ";
    discard_log_ += word;
  }
}

Reply Capabilities::ehlo_reply(std::string_view myhostname) const {
  std::vector<std::string> lines = {std::string(myhostname)};
  lines.insert(lines.end(), lines_.begin(), lines_.end());
  return {250, "", std::move(lines)};
}

bool Capabilities::offers(std::string_view keyword) const {
  return std::any_of(lines_.begin(), lines_.end(), [keyword](const std::string& line) {
    return std::string_view(line).substr(0, line.find(' ')) == keyword;
  });
}

}  // namespace headgate::proto
