// Tested by tests/engine/rules/evaluate_test.cc, which builds programs by hand.
#include "engine/rules/program.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::rules {

namespace {

constexpr std::size_t kLongestName = 64;

// FNV-1a over the name in lower case.
std::uint32_t hash_of(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(text::to_lower(c))) * 16777619U;
  return hash ^ hash >> 15U;
}

std::size_t rarest_byte(std::string_view literal) {
  if (literal.empty()) return 0;
  const int rarest = match::rarest_symbol(match::symbols_of(literal));
  std::size_t at = 0;
  while (match::symbol_of(literal[at]) != match::Symbols{1} << rarest) ++at;
  return at;
}

std::vector<match::Row> rows_of(const ScanPlan& plan) {
  std::vector<match::Row> rows;
  for (const RowOf& of : plan.block_rows) rows.push_back(of.row);
  return rows;
}

}  // namespace

std::string_view name_of(Strategy strategy) {
  switch (strategy) {
    case Strategy::native:
      return "native";
    case Strategy::prefilter:
      return "prefilter";
    case Strategy::confirm_only:
      return "confirm-only";
    case Strategy::literal:
      return "literal";
    case Strategy::bytes:
      return "bytes";
    case Strategy::name:
      return "name";
  }
  return "?";
}

std::string_view name_of(Dialect dialect) { return dialect == Dialect::pcre ? "pcre" : "regexp"; }

Program::Program(ProgramParts parts)
    : parts_(std::move(parts)),
      walk_(parts_.ops, parts_.patterns.size()),
      block_rows_(rows_of(parts_.plan)) {
  for (Pattern& pattern : parts_.patterns) {
    for (FurtherNeed& need : pattern.also) {
      need.symbols.clear();
      need.rarest.clear();
      for (const std::string& literal : need.any_of) {
        need.symbols.push_back(match::symbols_of(literal));
        need.rarest.push_back(rarest_byte(literal));
      }
    }
  }
  const auto& named = parts_.plan.named;
  if (named.empty()) return;
  std::size_t slots = 4;
  while (slots < 2 * named.size()) slots *= 2;
  names_.assign(slots, 0);
  for (std::uint32_t i = 0; i < named.size(); ++i) {
    std::size_t at = hash_of(named[i].name) & (slots - 1);
    while (names_[at] != 0) at = (at + 1) & (slots - 1);
    names_[at] = i + 1;
    first_of_names_ |= match::symbols_of(std::string_view(named[i].name).substr(0, 1));
  }
}

const Section* Program::named_section(std::string_view text) const {
  if (text.empty() || (first_of_names_ & match::symbol_of(text.front())) == 0) return nullptr;
  const std::size_t colon = text.substr(0, kLongestName + 1).find(':');
  if (colon == std::string_view::npos) return nullptr;
  const std::string_view name = text.substr(0, colon);
  std::size_t at = hash_of(name) & (names_.size() - 1);
  for (; names_[at] != 0; at = (at + 1) & (names_.size() - 1)) {
    const Section& section = parts_.plan.named[names_[at] - 1];
    if (text::equal_ignore_case(section.name, name)) return &section;
  }
  return nullptr;
}

std::string Program::complaint(int line, std::string_view text) const {
  return fmt::format("{} map {}, line {}: {}", name_of(parts_.dialect), parts_.name, line, text);
}

}  // namespace headgate::rules
