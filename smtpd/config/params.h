// The parameters: one table of those that headgate acts on, and one of the other names that Postfix 3.7 knows.
// A row says the default text, the type, the Settings field to fill and how far we follow Postfix; docs/compat.md
// repeats state and note for readers.
//   Lifetime  static data.        Threads  read only.
//   Source    postconf(5), `postconf -d` of Postfix 3.7.11; smtpd.md §2.7.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "smtpd/config/settings.h"

namespace headgate::config {

// How far a parameter does what Postfix's does; other_default: set, it acts as in Postfix.
enum class State : std::uint8_t { done, other_default, differs, later, ours };

// std::monostate: the parameter only feeds other parameters' values.
using Field = std::variant<std::monostate, std::string Settings::*, bool Settings::*,
                           std::int64_t Settings::*, seconds Settings::*,
                           std::vector<std::string> Settings::*, std::optional<bool> Settings::*>;

struct Param {
  std::string_view name;
  std::string_view
      fallback;  // the default, unexpanded; myhostname, mydomain and mynetworks are computed instead
  Field field;
  State state = State::done;
  std::string_view note = {};     // for docs/compat.md; says what differs
  std::string_view choices = {};  // blank-separated words that a text may be; empty: anything
  std::int64_t minimum = 0;
};

std::span<const Param> params();  // sorted by name
const Param* find_param(std::string_view name);

// A parameter of Postfix that headgate knows by name only: setting it is no typing error, but changes nothing yet.
struct KnownParam {
  std::string_view name, fallback;
};

std::span<const KnownParam> known_params();  // sorted by name
const KnownParam* find_known_param(std::string_view name);

// The default text of either table.
std::optional<std::string_view> default_of(std::string_view name);

// True for templates ($name stays as it is until somebody uses them): default_rbl_reply, smtpd_reject_footer, …
bool is_raw(std::string_view name);

// True for what cleanup(8) reads and smtpd(8) does not: an smtpd service's messages follow main.cf and the -o settings
// of the cleanup service that its cleanup_service_name names.
bool is_cleanup_param(std::string_view name);

// <transport>_destination_concurrency_limit and its relatives: a delivery service in master.cf defines them.
struct ServiceSuffix {
  std::string_view suffix, fallback;
};

std::span<const ServiceSuffix> delivery_suffixes();

}  // namespace headgate::config
