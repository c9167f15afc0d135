// A table inside is opened as if it stood alone, through the same ProgramSource: a change of its file is noticed all the same.
// Tested by tests/tables/combined_table_test.cc and, beside postmap(1), by tests/tables/types_agree_test.py.
#include "tables/combined_table.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tables/type_spec.h"

namespace headgate::tables {

namespace {

using Parts = std::vector<std::unique_ptr<Lookup>>;

class CombinedTable : public Lookup {
 public:
  CombinedTable(std::string_view name, Parts parts) : name_(name), parts_(std::move(parts)) {}

  [[nodiscard]] const std::string& name() const override { return name_; }

  [[nodiscard]] bool whole_key_only() const override { return parts_.front()->whole_key_only(); }

  [[nodiscard]] bool may_wait() const override {
    return std::any_of(parts_.begin(), parts_.end(),
                       [](const auto& part) { return part->may_wait(); });
  }

 protected:
  [[nodiscard]] const Parts& parts() const { return parts_; }

 private:
  std::string name_;
  Parts parts_;
};

class UnionTable final : public CombinedTable {
 public:
  using CombinedTable::CombinedTable;

  Result<std::optional<Found>> find(std::string_view key) override {
    std::string joined;
    for (const auto& part : parts()) {
      TRY(found, part->find(key));
      if (!found || found->value.empty()) continue;
      if (!joined.empty()) joined += ',';
      joined += found->value;
    }
    if (joined.empty()) return std::nullopt;
    return Found{std::move(joined), name(), 0};
  }
};

class PipeTable final : public CombinedTable {
 public:
  using CombinedTable::CombinedTable;

  Result<std::optional<Found>> find(std::string_view key) override {
    std::string value(key);
    for (const auto& part : parts()) {
      TRY(found, part->find(value));
      if (!found) return std::nullopt;
      value = std::move(found->value);
    }
    return Found{std::move(value), name(), 0};
  }
};

class RandomTable final : public Lookup {
 public:
  RandomTable(std::string_view name, const std::vector<std::string_view>& values)
      : name_(name), values_(values.begin(), values.end()), choice_(0, values_.size() - 1) {}

  Result<std::optional<Found>> find(std::string_view) override {
    return Found{values_[choice_(random_)], name_, 0};
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

  [[nodiscard]] bool whole_key_only() const override { return true; }

 private:
  std::string name_;
  std::vector<std::string> values_;
  std::minstd_rand random_{std::random_device{}()};
  std::uniform_int_distribution<std::size_t> choice_;
};

tl::unexpected<Error> bad_syntax(std::string_view type, std::string_view name,
                                 std::string_view item) {
  return fail(Code::invalid,
              fmt::format("bad syntax: \"{}:{}\"; need \"{}:{{{}...}}\"", type, name, type, item));
}

Result<Parts> open_parts(std::string_view type, std::string_view spec, std::string_view name,
                         rules::ProgramSource& programs, const WarningSink& warn,
                         const OpenOptions& options) {
  const auto items = braced_items(name);
  if (!items) return bad_syntax(type, name, "type:name");
  const Nesting nesting(spec, options.within);
  OpenOptions inner = options;
  inner.within = &nesting;
  Parts parts;
  for (const std::string_view item : *items) {
    if (item.find(':') == std::string_view::npos) return bad_syntax(type, name, "type:name");
    TRY(part, open_table(item, programs, warn, inner));
    parts.push_back(std::move(part.full));
  }
  return parts;
}

}  // namespace

std::optional<std::vector<std::string_view>> braced_items(std::string_view name) {
  if (name.size() < 2 || balanced_length(name) != name.size()) return std::nullopt;
  std::string_view rest = name.substr(1, name.size() - 2);
  std::vector<std::string_view> items;
  while (const auto item = take_item(rest)) items.push_back(*item);
  if (items.empty()) return std::nullopt;
  return items;
}

Result<std::unique_ptr<Lookup>> open_union_table(std::string_view spec, std::string_view name,
                                                 rules::ProgramSource& programs,
                                                 const WarningSink& warn,
                                                 const OpenOptions& options) {
  TRY(parts, open_parts("unionmap", spec, name, programs, warn, options));
  return std::unique_ptr<Lookup>(std::make_unique<UnionTable>(spec, std::move(parts)));
}

Result<std::unique_ptr<Lookup>> open_pipe_table(std::string_view spec, std::string_view name,
                                                rules::ProgramSource& programs,
                                                const WarningSink& warn,
                                                const OpenOptions& options) {
  TRY(parts, open_parts("pipemap", spec, name, programs, warn, options));
  return std::unique_ptr<Lookup>(std::make_unique<PipeTable>(spec, std::move(parts)));
}

Result<std::unique_ptr<Lookup>> open_random_table(std::string_view spec, std::string_view name) {
  const auto values = braced_items(name);
  if (!values) return bad_syntax("randmap", name, "value");
  return std::unique_ptr<Lookup>(std::make_unique<RandomTable>(spec, *values));
}

}  // namespace headgate::tables
