// Tested by header_test.
#include "engine/mail/known_header.h"

#include <array>
#include <bit>

#include "engine/base/text.h"

namespace headgate::mail {

namespace {

struct Row {
  std::string_view name;
  bool mime = false, resent = false;
};

constexpr Row mime(std::string_view name) { return {name, true, false}; }

constexpr Row resent(std::string_view name) { return {name, false, true}; }

constexpr Row plain(std::string_view name) { return {name, false, false}; }

// In the order of KnownHeader.
constexpr std::array kRows = {
    plain("Apparently-To"),
    plain("Bcc"),
    plain("Cc"),
    mime("Content-Description"),
    mime("Content-Disposition"),
    mime("Content-ID"),
    plain("Content-Length"),
    mime("Content-Transfer-Encoding"),
    mime("Content-Type"),
    plain("Date"),
    plain("Delivered-To"),
    plain("Disposition-Notification-To"),
    plain("Errors-To"),
    plain("From"),
    plain("Mail-Followup-To"),
    plain("Message-Id"),
    mime("MIME-Version"),
    plain("Received"),
    plain("Reply-To"),
    resent("Resent-Bcc"),
    resent("Resent-Cc"),
    resent("Resent-Date"),
    resent("Resent-From"),
    resent("Resent-Message-Id"),
    resent("Resent-Reply-To"),
    resent("Resent-Sender"),
    resent("Resent-To"),
    plain("Return-Path"),
    plain("Return-Receipt-To"),
    plain("Sender"),
    plain("To"),
};

constexpr std::size_t kLongestName = 27;

// A bit for each row whose name is so long: mostly none is, or one.
constexpr auto kOfLength = [] {
  std::array<std::uint32_t, kLongestName + 1> rows{};
  for (std::size_t i = 0; i < kRows.size(); ++i) rows.at(kRows[i].name.size()) |= 1U << i;
  return rows;
}();

const Row& row(KnownHeader header) { return kRows[static_cast<std::size_t>(header)]; }

}  // namespace

std::optional<KnownHeader> find_known_header(std::string_view name) {
  if (name.size() > kLongestName) return std::nullopt;
  for (std::uint32_t rows = kOfLength[name.size()]; rows != 0; rows &= rows - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(rows));
    if (text::equal_ignore_case(kRows[i].name, name)) return static_cast<KnownHeader>(i);
  }
  return std::nullopt;
}

bool is_mime_header(KnownHeader header) { return row(header).mime; }

bool is_resent_header(KnownHeader header) { return row(header).resent; }

}  // namespace headgate::mail
