// Tested by tests/engine/rules/evaluate_test.cc, which builds programs by hand.
#include "engine/rules/program.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace headgate::rules {

namespace {

// None where there is more to look at than one finder. What is asked on demand is no candidate.
Quick quick_of(const Section& section, const ProgramParts& parts) {
  const auto is_on_demand = [&parts](const Gated& gated) {
    return parts.patterns[gated.pattern].on_demand;
  };
  if (section.scans.size() > 1 || !std::ranges::all_of(section.gated, is_on_demand)) return {};
  Quick quick{1, kTrustedWhateverComes, nullptr};
  if (!section.doubts.empty()) quick.most = section.doubts.front().trusted_bytes;
  if (section.scans.empty()) return quick;
  quick.finder = parts.plan.scans[section.scans.front()].finder.get();
  quick.most = quick.finder == nullptr ? 0 : std::min(quick.most, most_finder_bytes(*quick.finder));
  return quick;
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
  std::vector<std::string> names;
  for (const Section& section : parts_.plan.named) names.push_back(section.name);
  names_ = NameIndex(std::move(names));
  quick_named_.resize(parts_.plan.named.size());
  if (!walk_.always().empty()) return;  // then each text is walked for
  quick_any_ = quick_of(parts_.plan.any, parts_);
  std::ranges::transform(parts_.plan.named, quick_named_.begin(),
                         [this](const Section& section) { return quick_of(section, parts_); });
}

const Section* Program::named_section(std::string_view text) const {
  const std::uint32_t number = named(text);
  return number == NameIndex::kNone ? nullptr : &parts_.plan.named[number];
}

std::string Program::complaint(int line, std::string_view text) const {
  return fmt::format("{} map {}, line {}: {}", name_of(parts_.dialect), parts_.name, line, text);
}

}  // namespace headgate::rules
