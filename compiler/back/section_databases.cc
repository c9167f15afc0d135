// Tested by tests/compiler/back/plan_builder_test.cc.
#include "compiler/back/section_databases.h"

#include <utility>

#include "compiler/analyse/scan_text.h"
#include "compiler/back/finder_windows.h"

namespace headgate::back {

namespace {

using Owners = std::vector<const std::vector<std::uint32_t>*>;  // by the ids of a set

rules::Scan scan_of(const Databases::One& one, const Owners& owners) {
  rules::Scan scan;
  scan.scanner = one.scanner;
  std::vector<bool> present(owners.size(), false);
  for (const std::uint32_t id : one.ids) present[id] = true;
  for (std::size_t id = 0; id < owners.size(); ++id) {
    scan.first.push_back(static_cast<std::uint32_t>(scan.owners.size()));
    if (present[id]) scan.owners.insert(scan.owners.end(), owners[id]->begin(), owners[id]->end());
  }
  scan.first.push_back(static_cast<std::uint32_t>(scan.owners.size()));
  return scan;
}

// For the literals of a database.
std::shared_ptr<const match::LiteralFinder> finder_of(const Databases::One& one,
                                                      const LiteralOwners& literals) {
  std::vector<const analyse::Literal*> all, sought;
  for (const auto& [literal, owners] : literals) all.push_back(&literal);
  for (const std::uint32_t id : one.ids) sought.push_back(all[id]);
  return make_finder(sought, one.ids);
}

}  // namespace

SectionDatabases::Made SectionDatabases::make(const LiteralOwners& literals) {
  ScanSet set;
  Owners owners;
  for (const auto& [literal, ids] : literals) {
    set.push_back({static_cast<std::uint32_t>(owners.size()), analyse::spell_literal(literal.bytes),
                   literal.caseless, false, false});
    owners.push_back(&ids);
  }
  const Databases databases =
      compile_databases(set, Spelling::literals, compiler_, offenders_, shortage_);
  Made made;
  for (const Databases::One& one : databases.compiled) {
    made.scans.push_back(static_cast<std::uint32_t>(plan_.scans.size()));
    plan_.scans.push_back(scan_of(one, owners));
    if (finders_) plan_.scans.back().finder = finder_of(one, literals);
  }
  for (const auto& [index, why] : databases.refused) {
    for (const std::uint32_t id : *owners[index]) made.refused[id] = why;
  }
  return made;
}

void SectionDatabases::add_literals(
    rules::Section& section, const LiteralOwners& literals,
    const std::function<void(std::uint32_t pattern, const std::string& why)>& refused) {
  if (literals.empty()) return;
  auto known = made_.find(literals);
  if (known == made_.end()) known = made_.emplace(literals, make(literals)).first;
  const Made& made = known->second;
  section.scans.insert(section.scans.end(), made.scans.begin(), made.scans.end());
  for (const auto& [id, why] : made.refused) refused(id, why);
}

void SectionDatabases::add_spellings(
    rules::Section& section, const ScanSet& set,
    const std::function<void(std::uint32_t pattern, const std::string* why)>& came) {
  if (set.empty()) return;
  ScanSet numbered = set;
  for (std::uint32_t i = 0; i < numbered.size(); ++i) numbered[i].id = i;
  std::vector<std::vector<std::uint32_t>> owners;
  for (const ScanPattern& pattern : set) owners.push_back({pattern.id});
  Owners places;
  for (const auto& ids : owners) places.push_back(&ids);
  const Databases databases =
      compile_databases(numbered, Spelling::regexes, compiler_, offenders_, shortage_);
  for (const Databases::One& one : databases.compiled) {
    section.scans.push_back(static_cast<std::uint32_t>(plan_.scans.size()));
    plan_.scans.push_back(scan_of(one, places));
    for (const std::uint32_t index : one.ids) came(set[index].id, nullptr);
  }
  for (const auto& [index, why] : databases.refused) came(set[index].id, &why);
}

}  // namespace headgate::back
