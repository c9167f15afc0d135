// How it works: the MIME parser turns records into keys; each key is asked for once, its action obeyed at once, and what
// is kept goes to the Sink. `checking_` off means that some action said "no more lookups"; the parser then still runs,
// because what reaches the Sink must not depend on the tables.
// Tested by inspector_test (actions, classes, stops), inspector_limits_test, and fuzz/message_fuzz.
#include "engine/checks/inspector.h"

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/checks/header_lines.h"
#include "engine/checks/lines_ahead.h"
#include "engine/checks/record_filter.h"
#include "engine/mail/header.h"
#include "engine/mail/mime.h"

namespace headgate::checks {

namespace {

bool any_strict(const Limits& limits) {
  return limits.strict_7bit_headers || limits.strict_8bitmime || limits.strict_8bitmime_body ||
         limits.strict_mime_encoding_domain;
}

mail::MimeOptions mime_options(const Limits& limits, const CheckSet& checks) {
  mail::MimeOptions options;
  options.header_size_limit = limits.header_size_limit;
  options.nesting_limit = limits.mime_nesting_limit;
  options.boundary_length_limit = limits.mime_boundary_length_limit;
  options.mime = !limits.disable_mime_input_processing;
  options.downgrade = limits.downgrade;
  if (limits.agent != Agent::cleanup) return options;
  options.report_eight_bit_headers = limits.strict_7bit_headers || limits.strict_8bitmime;
  options.report_eight_bit_body = limits.strict_8bitmime_body || limits.strict_8bitmime;
  options.report_encoding_domain = limits.strict_mime_encoding_domain;
  options.report_nesting = any_strict(limits) || !checks.header->empty() || !checks.mime->empty() ||
                           !checks.nested->empty();
  return options;
}

// The six MIME names go to mime_header_checks wherever they stand.
KeyClass key_class_of(mail::HeaderClass header_class, bool mime_name) {
  if (header_class == mail::HeaderClass::multipart || mime_name) return KeyClass::mime;
  return header_class == mail::HeaderClass::primary ? KeyClass::header : KeyClass::nested;
}

}  // namespace

class Inspector::Impl final : public mail::MimeSink {
 public:
  Impl(CheckSet& checks, const Limits& limits, Sink& sink, ActionObserver& observer)
      : checks_(checks),
        limits_(limits),
        sink_(sink),
        observer_(observer),
        filter_(limits.replace_stray_cr_lf, limits.reject_characters, limits.strip_characters),
        parser_(mime_options(limits, checks), *this) {}

  void record(std::string_view bytes, bool continued);

  std::size_t lines(std::string_view lines);

  void end();

  void look_ahead(std::string_view text) { ahead_.begin(text); }

  [[nodiscard]] const Verdict& verdict() const { return verdict_; }

 private:
  enum class Effect { keep, drop, replace };

  void header(mail::HeaderClass header_class, std::string_view text,
              std::string_view name) override;

  void end_of_primary_headers() override {
    if (verdict_.disposition == Disposition::accept) sink_.end_of_primary_headers();
  }

  void body(std::string_view record, bool continued, std::uint64_t offset) override;

  void body_lines(std::string_view lines, std::uint64_t) override { sink_.lines(lines); }

  void mime_error(mail::MimeError error, std::string_view found) override;

  void reject_character(std::string_view record);
  void write_header(std::string_view text);
  [[nodiscard]] bool is_dropped(std::string_view name) const;
  Effect inspect(KeyClass key_class, std::string_view key);
  Effect inspect_body(std::string_view record, bool continued, std::uint64_t offset);
  [[nodiscard]] std::uint64_t reach(std::uint64_t offset) const;
  Effect obey_answer(KeyClass key_class, std::string_view key, Result<std::optional<Found>> answer);
  std::optional<Found> judge(KeyClass key_class, std::string_view key,
                             Result<std::optional<Found>> answer);
  void fail_lookup(KeyClass key_class);
  Effect obey(Action& action, KeyClass key_class);
  void add_bcc(std::string address);
  void report(const Action& action, KeyClass key_class, std::string_view key, const Found& found);

  CheckSet& checks_;
  const Limits limits_;
  Sink& sink_;
  ActionObserver& observer_;
  RecordFilter filter_;
  mail::MimeParser parser_;
  Verdict verdict_;
  std::unordered_set<std::string> bcc_seen_;   // lower case: duplicates merge
  std::optional<mail::MimeError> mime_error_;  // the gravest one
  std::string replacement_;                    // set by inspect() when its Effect is replace
  LinesAhead ahead_;
  bool checking_ = true;
};

void Inspector::Impl::record(std::string_view bytes, bool continued) {
  const RecordFilter::Filtered filtered = filter_.apply(bytes, checking_, ahead_.has_no_cr(bytes));
  if (filtered.rejected) return reject_character(filtered.bytes);
  parser_.record(filtered.bytes, continued);
}

// Only lines that nothing looks at: whatever could be said of one of them is said when it comes as a record.
std::size_t Inspector::Impl::lines(std::string_view lines) {
  if (!parser_.takes_lines()) return 0;
  const std::uint64_t in_reach = reach(parser_.offset());
  if (in_reach > 0) lines = ahead_.untouched(lines, in_reach, *checks_.body);
  if (lines.empty()) return 0;
  return parser_.lines(filter_.clean_lines(lines, checking_, ahead_.has_no_cr(lines)));
}

// How many bytes from a body record at this offset on are looked up.
std::uint64_t Inspector::Impl::reach(std::uint64_t offset) const {
  if (!checking_ || checks_.body->empty()) return 0;
  const std::uint64_t limit = limits_.body_checks_size_limit;
  if (limit == 0) return std::numeric_limits<std::uint64_t>::max();
  return offset < limit ? limit - offset : 0;
}

void Inspector::Impl::end() {
  parser_.end();
  if (!mime_error_ || verdict_.disposition != Disposition::accept) return;
  verdict_.disposition = Disposition::reject;
  verdict_.reason = fmt::format("5.6.0 {}", mime_error_text(*mime_error_));
}

// As if a table of its own had answered; the record goes.
void Inspector::Impl::reject_character(std::string_view record) {
  Action action;
  action.kind = ActionKind::reject;
  action.text = "5.7.1 disallowed character";
  ActionTaken taken;
  taken.kind = action.kind;
  taken.context = "content";
  taken.content = record.substr(0, record.find('\0'));
  taken.text = action.text;
  observer_.on_action(taken);
  obey(action, KeyClass::body);
}

void Inspector::Impl::mime_error(mail::MimeError error, std::string_view found) {
  observer_.on_mime_error(error, found);
  if (!mime_error_ || error < *mime_error_) mime_error_ = error;
}

void Inspector::Impl::header(mail::HeaderClass header_class, std::string_view text,
                             std::string_view name) {
  const std::optional<mail::KnownHeader> known = mail::find_known_header(name);
  const bool mime_name = known && mail::is_mime_header(*known);
  const bool primary = header_class == mail::HeaderClass::primary;
  if (primary && known) sink_.primary_header_found(*known);
  const Effect effect = inspect(key_class_of(header_class, mime_name), text);
  if (effect == Effect::drop) return;
  std::optional<mail::KnownHeader> kept = known;
  // A replaced header counts by its new name, but for the block it stands in it stays what it was.
  if (effect == Effect::replace) {
    text = replacement_;
    name = mail::header_name(text);
    kept = mail::find_known_header(name);
  }
  const bool counts = primary && !mime_name;
  if (kept) sink_.known_header(*kept, text, counts);
  if (counts && is_dropped(name)) return;
  write_header(text);
}

void Inspector::Impl::write_header(std::string_view text) {
  if (limits_.agent == Agent::smtp) {
    write_delivered_lines(text, sink_);
  } else {
    write_header_lines(text, limits_.header_size_limit, sink_);
  }
}

bool Inspector::Impl::is_dropped(std::string_view name) const {
  return std::any_of(
      limits_.drop_headers.begin(), limits_.drop_headers.end(),
      [&](const std::string& dropped) { return text::equal_ignore_case(dropped, name); });
}

void Inspector::Impl::body(std::string_view record, bool continued, std::uint64_t offset) {
  const Effect effect = inspect_body(record, continued, offset);
  if (effect == Effect::drop) return;
  sink_.record(effect == Effect::replace ? std::string_view(replacement_) : record, continued);
}

Inspector::Impl::Effect Inspector::Impl::inspect_body(std::string_view record, bool continued,
                                                      std::uint64_t offset) {
  const std::uint64_t in_reach = reach(offset);
  if (in_reach == 0 || record.empty()) return Effect::keep;
  if (!continued) {
    const auto place = ahead_.place_of(record, in_reach, *checks_.body);
    if (place.untouched || !sink_.accepting()) return Effect::keep;
    if (place.offset)
      return obey_answer(KeyClass::body, record, checks_.body->find_line(*place.offset, record));
  }
  const std::string_view key = record.substr(0, record.find('\0'));
  if (key.empty() || !sink_.accepting()) return Effect::keep;
  return inspect(KeyClass::body, key);
}

Inspector::Impl::Effect Inspector::Impl::inspect(KeyClass key_class, std::string_view key) {
  if (!checking_ || checks_.of(key_class).empty()) return Effect::keep;
  return obey_answer(key_class, key, checks_.of(key_class).find(key));
}

Inspector::Impl::Effect Inspector::Impl::obey_answer(KeyClass key_class, std::string_view key,
                                                     Result<std::optional<Found>> answer) {
  if (answer && !*answer) return Effect::keep;
  const std::optional<Found> found = judge(key_class, key, std::move(answer));
  if (!found) return Effect::keep;
  Action action = parse_action(found->value, key_class, limits_.agent);
  if (!action.warning.empty()) observer_.on_warning(action.warning);
  report(action, key_class, key, *found);
  return obey(action, key_class);
}

std::optional<Found> Inspector::Impl::judge(KeyClass key_class, std::string_view key,
                                            Result<std::optional<Found>> answer) {
  if (!answer) {
    observer_.on_warning(answer.error().what);
    observer_.on_warning(fmt::format("{} lookup error for \"{}\"", answer.error().where, key));
    fail_lookup(key_class);
    return std::nullopt;
  }
  if (*answer && (*answer)->value.empty()) {
    const std::string_view parameter = parameter_name(limits_.agent, key_class);
    observer_.on_warning(
        fmt::format("{} lookup of {} returns an empty string result", parameter, key));
    observer_.on_warning(fmt::format("{} should return NO RESULT in case of NOT FOUND", parameter));
    fail_lookup(key_class);
    return std::nullopt;
  }
  return std::move(*answer);
}

void Inspector::Impl::fail_lookup(KeyClass key_class) {
  observer_.on_message_warning(lookup_problem(limits_.agent, key_class));
  verdict_.disposition = Disposition::tempfail;
  verdict_.failed_parameter = parameter_name(limits_.agent, key_class);
  checking_ = false;
}

void Inspector::Impl::report(const Action& action, KeyClass key_class, std::string_view key,
                             const Found& found) {
  if (action.kind == ActionKind::none) return;
  if (action.kind == ActionKind::hold && verdict_.hold) return;  // only the first is logged
  ActionTaken taken;
  taken.kind = action.kind;
  taken.key_class = key_class;
  taken.context = key_class == KeyClass::body ? "body" : "header";
  taken.content = key;
  taken.text = action.text;
  taken.table = found.table;
  taken.line = found.line;
  if (log_word(action.kind).empty()) {
    observer_.on_quiet_action(taken);
  } else {
    observer_.on_action(taken);
  }
}

Inspector::Impl::Effect Inspector::Impl::obey(Action& action, KeyClass key_class) {
  switch (action.kind) {
    case ActionKind::bcc:
      add_bcc(std::move(action.text));
      break;
    case ActionKind::discard:
      verdict_.disposition = Disposition::discard;
      checking_ = false;
      break;
    case ActionKind::filter:
      verdict_.filter = std::move(action.text);
      break;
    case ActionKind::hold:
      verdict_.hold = true;
      break;
    case ActionKind::ignore:
    case ActionKind::strip:
      return Effect::drop;
    case ActionKind::pass:
      checking_ = false;
      break;
    case ActionKind::prepend:
      if (key_class == KeyClass::body) {
        sink_.record(action.text, false);
      } else {
        write_header(action.text);
      }
      break;
    case ActionKind::redirect:
      verdict_.redirect = std::move(action.text);
      checking_ = false;  // against header_checks(5), as cleanup(8) does it
      break;
    case ActionKind::reject:
      verdict_.disposition = Disposition::reject;
      verdict_.reason = std::move(action.text);
      checking_ = false;
      break;
    case ActionKind::replace:
      replacement_ = std::move(action.text);
      return Effect::replace;
    case ActionKind::none:
    case ActionKind::dunno:
    case ActionKind::info:
    case ActionKind::warn:
      break;
  }
  return Effect::keep;
}

void Inspector::Impl::add_bcc(std::string address) {
  if (bcc_seen_.insert(text::lower(address)).second) verdict_.bcc.push_back(std::move(address));
}

Limits delivery_limits(const Limits& limits) {
  Limits delivery;
  delivery.agent = Agent::smtp;
  delivery.header_size_limit = limits.header_size_limit;
  delivery.body_checks_size_limit = 0;
  delivery.mime_nesting_limit = limits.mime_nesting_limit;
  delivery.mime_boundary_length_limit = limits.mime_boundary_length_limit;
  delivery.replace_stray_cr_lf = false;
  return delivery;
}

Inspector::Inspector(CheckSet& checks, const Limits& limits, Sink& sink, ActionObserver& observer)
    : impl_(std::make_unique<Impl>(checks, limits, sink, observer)) {}

Inspector::~Inspector() = default;

void Inspector::look_ahead(std::string_view text) { impl_->look_ahead(text); }

void Inspector::record(std::string_view bytes, bool continued) { impl_->record(bytes, continued); }

std::size_t Inspector::lines(std::string_view lines) { return impl_->lines(lines); }

void Inspector::end() { impl_->end(); }

const Verdict& Inspector::verdict() const { return impl_->verdict(); }

}  // namespace headgate::checks
