// Tested by received_test.
#include "smtpd/proto/received.h"

#include <array>
#include <ctime>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/proto/address.h"

namespace headgate::proto {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Only extended SMTP has letters (RFC 3848).
std::string with_protocol(const Received& received) {
  std::string with(received.smtputf8 ? "UTF8SMTP" : received.protocol);
  if (received.protocol != "ESMTP") return with;
  if (received.encrypted) with += 'S';
  if (received.authenticated) with += 'A';
  return with;
}

std::string literal(std::string_view address) {
  const bool v6 = address.find(':') != std::string_view::npos;
  return fmt::format("[{}{}]", v6 ? "IPv6:" : "", text::printable(address));
}

}  // namespace

std::string rfc5322_date(std::chrono::system_clock::time_point time, std::chrono::minutes zone) {
  using std::chrono::duration_cast;
  const auto local = std::chrono::floor<std::chrono::seconds>(time) + zone;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(local - day);
  const auto offset = zone < zone.zero() ? -zone : zone;
  return fmt::format(
      "{}, {:2} {} {} {:02}:{:02}:{:02} {}{:02}{:02}",
      kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
      kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
      clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
      zone < zone.zero() ? '-' : '+', offset.count() / 60, offset.count() % 60);
}

std::string mail_date(std::chrono::system_clock::time_point time, const Zone& zone) {
  std::string date = rfc5322_date(time, zone.offset);
  if (!zone.name.empty()) date += fmt::format(" ({})", text::printable(zone.name));
  return date;
}

Zone local_zone(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  if (localtime_r(&seconds, &parts) == nullptr) return {};
  return {std::chrono::minutes(parts.tm_gmtoff / 60),
          parts.tm_zone == nullptr ? "" : parts.tm_zone};
}

std::vector<std::string> received_records(const Received& received) {
  const std::string helo = received.helo.empty() ? received.client_name : received.helo;
  const std::string date = mail_date(received.time, received.zone);
  std::vector<std::string> records;
  records.push_back(fmt::format("Received: from {} ({} {})", text::printable(helo),
                                text::printable(received.client_name),
                                literal(received.client_address)));
  records.insert(records.end(), received.tls.begin(), received.tls.end());
  std::string by = fmt::format("\tby {} ({}) with {} id {}", received.myhostname,
                               received.mail_name, with_protocol(received), received.queue_id);
  if (received.recipient.empty()) {
    records.push_back(std::move(by) + ';');
    records.push_back('\t' + date);
    return records;
  }
  records.push_back(std::move(by));
  records.push_back(
      fmt::format("\tfor <{}>; {}", text::printable(quote_address(received.recipient)), date));
  return records;
}

}  // namespace headgate::proto
