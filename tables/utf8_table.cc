// Tested by tests/tables/open_test.cc.
#include "tables/utf8_table.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::tables {

namespace {

constexpr std::string_view kReason = "malformed UTF-8 or invalid codepoint";

class Utf8Table final : public Lookup {
 public:
  Utf8Table(std::unique_ptr<Lookup> inside, WarningSink warn)
      : inside_(std::move(inside)), warn_(std::move(warn)) {}

  Result<std::optional<Found>> find(std::string_view key) override {
    if (!text::valid_utf8(key)) {
      complain(fmt::format("{}: non-UTF-8 key \"{}\": {}", shown_name(name()), key, kReason));
      return std::nullopt;
    }
    auto found = inside_->find(key);
    if (!found || !*found || text::valid_utf8((*found)->value)) return found;
    complain(fmt::format("{}: key \"{}\": non-UTF-8 value \"{}\": {}", shown_name(name()), key,
                         (*found)->value, kReason));
    return fail(Code::invalid, fmt::format("table {}: query error", shown_name(name())));
  }

  [[nodiscard]] const std::string& name() const override { return inside_->name(); }

  [[nodiscard]] bool whole_key_only() const override { return inside_->whole_key_only(); }

  [[nodiscard]] bool may_wait() const override { return inside_->may_wait(); }

 private:
  void complain(std::string text) {
    warn_(Diagnostic{Severity::warning, std::move(text), {}, 0, 0});
  }

  std::unique_ptr<Lookup> inside_;
  WarningSink warn_;
};

}  // namespace

std::string shown_name(std::string_view spec) {
  return std::string(spec) + (spec.starts_with("cdb:") ? ".cdb" : "");
}

std::unique_ptr<Lookup> utf8_table(std::unique_ptr<Lookup> inside, WarningSink warn) {
  return std::make_unique<Utf8Table>(std::move(inside), std::move(warn));
}

}  // namespace headgate::tables
