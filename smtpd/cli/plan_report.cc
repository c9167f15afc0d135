// How it works: the Program's plan is turned round once, from sections with patterns to patterns with their places; what was
// expected of them stands with the pattern (rules::Outlook). Tested by tests/smtpd/cli/rules_test.cc.
#include "smtpd/cli/plan_report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/cli/byte_sets.h"

namespace headgate::cli {

namespace {

constexpr std::size_t kDearest = 10;
constexpr double kRarest = 1e9;  // bytes; beyond, one guess is as good as another

// 38214 -> "38,000": two digits are all that a guess is good for.
std::string about(double number) {
  const double digits = std::pow(10, std::max(0.0, std::floor(std::log10(number)) - 1));
  std::string text = fmt::format("{:.0f}", std::round(number / digits) * digits);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string how_often(double per_byte) {
  if (per_byte <= 0) return "not known how often";
  if (per_byte < 1 / kRarest) return fmt::format("rarer than 1 in {} bytes", about(kRarest));
  return fmt::format("1 in {} bytes", about(1 / per_byte));
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string all;
  for (const std::string& part : parts) {
    if (!all.empty()) all += between;
    all += part;
  }
  return all;
}

std::string quoted(const rules::Outlook& outlook) {
  std::vector<std::string> literals;
  for (const std::string& literal : outlook.literals)
    literals.push_back(fmt::format("\"{}\"", text::printable(literal)));
  std::string all = joined(literals, ", ");
  if (outlook.more_literals > 0) all += fmt::format(" or {} more", outlook.more_literals);
  return all;
}

}  // namespace

PlanReport::PlanReport(const rules::Program& program)
    : program_(program), alone_(program.patterns().size()), block_(program.patterns().size()) {
  const rules::ScanPlan& plan = program.plan();
  add_section(plan.any, alone_);
  for (const rules::Section& section : plan.named) add_section(section, alone_);
  add_section(plan.block, block_);
  for (const rules::RowOf& of : plan.block_rows) {
    block_[of.pattern].way = Way::row;
    block_[of.pattern].row = &of.row;
  }
}

void PlanReport::add_section(const rules::Section& section, std::vector<Place>& places) {
  const auto name = [&](Place& place) {
    if (section.name.empty() || (!place.names.empty() && place.names.back() == section.name))
      return;
    place.names.push_back(section.name);
  };
  for (const std::uint32_t number : section.scans) {
    for (const std::uint32_t id : program_.plan().scans[number].owners) {
      Place& place = places[id];
      place.way = Way::database;
      name(place);
      if (std::ranges::find(place.databases, number) == place.databases.end())
        place.databases.push_back(number);
    }
  }
  for (const rules::Gated& gated : section.gated) {
    Place& place = places[gated.pattern];
    name(place);
    if (place.way == Way::none) place.way = Way::gate;
    place.gate = &gated.gate;
  }
}

std::string PlanReport::database(std::uint32_t number) const {
  const rules::Scan& scan = program_.plan().scans[number];
  std::string_view finder;
  if (scan.finder != nullptr) {
    finder =
        scan.finder->pays_in_long_texts() ? "; mostly without it" : "; without it in short texts";
  }
  return fmt::format("database {} ({} bytes{})", number, scan.scanner->size_bytes(), finder);
}

std::string PlanReport::what_for(const Place& place, const rules::Outlook& outlook) const {
  switch (place.way) {
    case Way::none:
      return {};
    case Way::row:
      return fmt::format("the row {}", row_text(*place.row));
    case Way::gate: {
      const std::string needs = gate_text(*place.gate);
      return needs.empty() ? "all of them" : "by " + needs;
    }
    case Way::database:
      break;
  }
  std::vector<std::string> databases;
  for (const std::uint32_t number : place.databases) databases.push_back(database(number));
  return fmt::format("{} in {}", outlook.literals.empty() ? "its own spelling" : quoted(outlook),
                     joined(databases, ", "));
}

std::string PlanReport::line(std::string_view where, const Place& place,
                             const rules::Outlook& outlook) const {
  const std::string in =
      place.names.empty() ? std::string(where) : "headers " + joined(place.names, ", ");
  return fmt::format("in {}: {}; {}; {:.4f} ns a byte", in, what_for(place, outlook),
                     how_often(outlook.per_byte), outlook.cost);
}

std::vector<std::string> PlanReport::lines(std::uint32_t pattern) const {
  const rules::Pattern& of = program_.patterns()[pattern];
  std::vector<std::string> lines;
  if (of.strategy == rules::Strategy::name)
    lines.push_back("in headers " + joined(alone_[pattern].names, ", ") + ": all of them");
  else if (!of.on_demand && alone_[pattern].way != Way::none)
    lines.push_back(line("any text", alone_[pattern], of.alone));
  if (!of.on_demand && block_[pattern].way != Way::none)
    lines.push_back(line("body lines", block_[pattern], of.in_block));
  std::string first;
  for (const rules::FurtherNeed& need : of.also)
    first += fmt::format("{}\"{}\"{}", first.empty() ? "" : " and ",
                         text::printable(need.any_of.front()),
                         need.any_of.size() > 1 ? " or another" : "");
  if (of.spelled.trusted_bytes > 0)
    first += fmt::format("{}its own spelling in {}", first.empty() ? "" : " and ",
                         database(of.spelled.scan));
  if (!first.empty()) lines.push_back("asked only where there is " + first);
  return lines;
}

std::string_view PlanReport::how(rules::MeasuredOn kind) const {
  return program_.plan().measured == kind ? "measured" : "guessed";
}

PlanReport::Sums PlanReport::sums() const {
  Sums sums;
  for (std::size_t id = 0; id < program_.patterns().size(); ++id) {
    if (alone_[id].names.empty()) sums.alone += program_.patterns()[id].alone.cost;
    sums.in_block += program_.patterns()[id].in_block.cost;
  }
  return sums;
}

std::vector<std::string> PlanReport::summary() const {
  struct Dear {
    double cost;
    std::string_view where;
    const rules::Pattern* pattern;
  };

  std::vector<Dear> all;
  for (std::size_t id = 0; id < program_.patterns().size(); ++id) {
    const rules::Pattern& pattern = program_.patterns()[id];
    if (pattern.on_demand) continue;
    const bool named = !alone_[id].names.empty();
    all.push_back({pattern.alone.cost, named ? "its headers" : "any text", &pattern});
    all.push_back({pattern.in_block.cost, "body lines", &pattern});
  }
  std::erase_if(all, [](const Dear& dear) { return dear.cost <= 0; });
  std::ranges::stable_sort(all, std::ranges::greater(), &Dear::cost);
  if (all.size() > kDearest) all.resize(kDearest);
  const Sums sums = this->sums();
  std::vector<std::string> lines = {fmt::format(
      "for all patterns, ns a byte: {:.3f} in any text ({}), {:.3f} in body lines ({}); the "
      "dearest:",
      sums.alone, how(rules::MeasuredOn::headers), sums.in_block,
      how(rules::MeasuredOn::body_lines))};
  for (const Dear& dear : all) {
    lines.push_back(fmt::format("{:>9.4f}  {:<11}  line {:>5}  /{}/{}", dear.cost, dear.where,
                                dear.pattern->line, dear.pattern->text, dear.pattern->flags));
  }
  return lines;
}

nlohmann::ordered_json PlanReport::facts(const Place& place, const rules::Outlook& outlook) const {
  if (place.way == Way::none) return nullptr;
  constexpr std::array<std::string_view, 4> kWays = {"", "database", "gate", "row"};
  nlohmann::ordered_json facts = {{"way", kWays[static_cast<std::size_t>(place.way)]}};
  if (!place.names.empty()) facts["headers"] = place.names;
  if (place.way == Way::database) {
    facts["databases"] = place.databases;
    facts["finder"] = std::ranges::all_of(place.databases, [this](std::uint32_t number) {
      return program_.plan().scans[number].finder != nullptr;
    });
    facts["literals"] = outlook.literals;
    facts["more_literals"] = outlook.more_literals;
  }
  if (place.row != nullptr) facts["row"] = row_text(*place.row);
  facts["per_byte"] = outlook.per_byte;
  facts["cost"] = outlook.cost;
  return facts;
}

nlohmann::ordered_json PlanReport::facts(std::uint32_t pattern) const {
  const rules::Pattern& of = program_.patterns()[pattern];
  if (of.on_demand && of.strategy != rules::Strategy::name)
    return {{"alone", nullptr}, {"block", nullptr}};
  return {{"alone", facts(alone_[pattern], of.alone)},
          {"block", facts(block_[pattern], of.in_block)}};
}

nlohmann::ordered_json PlanReport::costs() const {
  const Sums sums = this->sums();
  return {{"alone", sums.alone}, {"block", sums.in_block}};
}

}  // namespace headgate::cli
