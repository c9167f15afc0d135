// How it works: both stages are opened from the same source; OncePerTable in front of it compiles a table the first time
// and hands out the shared Program afterwards, without repeating its warnings.
// Tested by open_checks_test.
#include "smtpd/session/open_checks.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/checks/record_filter.h"

namespace headgate::session {

namespace {

using Specs = std::vector<std::string>;

class OncePerTable final : public rules::ProgramSource {
 public:
  explicit OncePerTable(rules::ProgramSource& source) : source_(source) {}

  Result<std::string> read_text(const std::string& path, std::size_t limit_bytes,
                                const rules::TextForm& form) override {
    return source_.read_text(path, limit_bytes, form);
  }

  Result<std::shared_ptr<const DataFile>> data_file(const std::string& path,
                                                    const rules::DataForm& form) override {
    return source_.data_file(path, form);
  }

  Result<rules::CompiledTable> load(rules::Dialect dialect, const std::string& name) override {
    const auto key = std::make_pair(dialect, name);
    if (const auto known = loaded_.find(key); known != loaded_.end()) return known->second;
    auto table = source_.load(dialect, name);
    if (!table) return table;
    auto quiet = *table;
    quiet.diagnostics.clear();
    loaded_.emplace(key, std::move(quiet));
    return table;
  }

 private:
  rules::ProgramSource& source_;
  std::map<std::pair<rules::Dialect, std::string>, rules::CompiledTable> loaded_;
};

// What of a table stays in force at this stage; nothing when it is dropped.
std::unique_ptr<Lookup> kept(tables::OpenTable table, Stage stage,
                             const std::optional<bool>& only_emergency) {
  if (stage == Stage::full || only_emergency == false) return std::move(table.full);
  if (table.emergency) return std::move(table.emergency);
  return only_emergency == true ? nullptr : std::move(table.full);
}

class ListOpener {
 public:
  ListOpener(const config::Settings& settings, Stage stage, rules::ProgramSource& programs,
             const WarningSink& warn, std::shared_ptr<match::Scratch> scratch)
      : settings_(settings),
        stage_(stage),
        programs_(programs),
        warn_(warn),
        scratch_(std::move(scratch)) {}

  std::shared_ptr<checks::TableList> open(const Specs& specs) {
    auto list = std::make_shared<checks::TableList>();
    for (const std::string& spec : specs) {
      if (auto table = open_one(spec)) list->tables.push_back(std::move(table));
    }
    return list;
  }

 private:
  std::unique_ptr<Lookup> open_one(const std::string& spec) {
    tables::OpenOptions options;
    options.fold = false;  // as cleanup(8): a key is the line as it is, for fixed-string types too
    options.scratch = scratch_;
    auto table = tables::open_table(spec, programs_, warn_, options);
    if (table) return kept(std::move(*table), stage_, settings_.stress_keeps_only_emergency_checks);
    Diagnostic diagnostic;
    diagnostic.severity = Severity::error;
    diagnostic.text = table.error().text();
    diagnostic.file = spec;
    warn_(diagnostic);
    return tables::unavailable_table(spec, std::move(table.error()));
  }

  const config::Settings& settings_;
  Stage stage_;
  rules::ProgramSource& programs_;
  const WarningSink& warn_;
  std::shared_ptr<match::Scratch> scratch_;
};

// Forced stress (or none) makes the two Settings one: then both sets are what it says.
Stage stage_of(const config::Settings& settings) {
  return settings.stress ? Stage::emergency : Stage::full;
}

// What a set's lookups write to is the set's: two sets may be asked at the same time.
std::shared_ptr<checks::CheckSet> open_set(const config::Settings& settings, Stage stage,
                                           rules::ProgramSource& programs,
                                           const WarningSink& warn) {
  ListOpener opener(settings, stage, programs, warn, rules::make_scratch());
  auto set = std::make_shared<checks::CheckSet>();
  set->header = opener.open(settings.header_checks);
  const auto header_or = [&](const Specs& specs) {
    return specs == settings.header_checks ? set->header : opener.open(specs);
  };
  set->mime = header_or(settings.mime_header_checks);
  set->nested = settings.nested_header_checks == settings.mime_header_checks
                    ? set->mime
                    : header_or(settings.nested_header_checks);
  set->body = opener.open(settings.body_checks);
  set->milter = opener.open(settings.milter_header_checks);
  return set;
}

}  // namespace

std::shared_ptr<checks::CheckSet> open_checks(const config::Settings& settings, Stage stage,
                                              rules::ProgramSource& programs,
                                              const WarningSink& warn) {
  OncePerTable once(programs);
  return open_set(settings, stage, once, warn);
}

checks::Limits check_limits(const config::Settings& settings) {
  const auto size = [](std::int64_t value) {
    return static_cast<std::size_t>(std::max<std::int64_t>(value, 0));
  };
  checks::Limits limits;
  limits.header_size_limit = size(settings.header_size_limit);
  limits.body_checks_size_limit = size(settings.body_checks_size_limit);
  limits.mime_nesting_limit = size(settings.mime_nesting_limit);
  limits.mime_boundary_length_limit = size(settings.mime_boundary_length_limit);
  limits.disable_mime_input_processing = settings.disable_mime_input_processing;
  limits.replace_stray_cr_lf = settings.cleanup_replace_stray_cr_lf;
  limits.drop_headers = settings.message_drop_headers;
  limits.reject_characters = checks::unescape_characters(settings.message_reject_characters);
  limits.strip_characters = checks::unescape_characters(settings.message_strip_characters);
  limits.strict_7bit_headers = settings.strict_7bit_headers;
  limits.strict_8bitmime = settings.strict_8bitmime;
  limits.strict_8bitmime_body = settings.strict_8bitmime_body;
  limits.strict_mime_encoding_domain = settings.strict_mime_encoding_domain;
  return limits;
}

checks::Limits unchecked(checks::Limits limits) {
  limits.reject_characters.clear();
  limits.strip_characters.clear();
  limits.strict_7bit_headers = limits.strict_8bitmime = limits.strict_8bitmime_body =
      limits.strict_mime_encoding_domain = false;
  return limits;
}

ServiceChecks open_service_checks(const config::Settings& calm, const config::Settings& stressed,
                                  rules::ProgramSource& programs, const WarningSink& warn) {
  OncePerTable once(programs);
  ServiceChecks checks;
  checks.calm = open_set(calm, stage_of(calm), once, warn);
  checks.stressed = open_set(stressed, stage_of(stressed), once, warn);
  return checks;
}

}  // namespace headgate::session
