// How it works: the sample is one block. A hit's text is found from where the hit ends, beginning at the text of the hit
// before, for hits come nearly in order. Tested by tests/compiler/back/measure_test.cc.
#include "compiler/back/occurrences.h"

#include <algorithm>
#include <utility>

#include "compiler/analyse/scan_text.h"
#include "compiler/back/scan_choice.h"
#include "engine/match/scratch.h"
#include "engine/match/shift_and.h"

namespace headgate::back {

namespace {

constexpr std::size_t kSome = 12;  // texts that are kept of those with a hit

}  // namespace

Occurrences::Occurrences(const rules::MailSample& sample) : block_("\n") {
  for (const std::string& text : sample.texts) {
    begins_.push_back(block_.size());
    block_ += text;
    block_ += '\n';
  }
  begins_.push_back(block_.size());
}

std::size_t Occurrences::want(const analyse::Clause& clause, const std::vector<bool>* among) {
  const auto [known, is_new] = known_clauses_.emplace(std::pair(clause, among), wanted_.size());
  if (is_new) wanted_.push_back(Wanted{&known->first.first, nullptr, among, {}});
  return known->second;
}

std::size_t Occurrences::want(const analyse::ByteRow& row) {
  wanted_.push_back(Wanted{nullptr, &row, nullptr, {}});
  return wanted_.size() - 1;
}

void Occurrences::note(Wanted& wanted, std::size_t end) {
  if (end < 2) return;  // the newline before the first text
  const std::size_t last = end - 1;
  while (begins_[cursor_] > last) --cursor_;
  while (begins_[cursor_ + 1] <= last) ++cursor_;
  const auto text = static_cast<std::uint32_t>(cursor_);
  if (wanted.last_text == text || (wanted.among != nullptr && !(*wanted.among)[text])) return;
  wanted.last_text = text;
  Occurrence& found = wanted.found;
  ++found.texts;
  if (found.some.size() < kSome) {
    found.some.push_back(text);
  } else {
    // As rarely as makes each equally likely to be kept in the end; the same dice each time.
    const std::uint64_t dice = found.texts * 0x9e3779b97f4a7c15U >> 32U;
    const std::uint64_t place = dice % found.texts;
    if (place < kSome) found.some[place] = text;
  }
}

void Occurrences::count_literals(SetCompiler& compiler) {
  std::map<analyse::Literal, std::vector<std::size_t>> owners;
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    if (wanted_[i].clause == nullptr) continue;
    wanted_[i].found.known = true;
    for (const analyse::Literal& literal : *wanted_[i].clause)
      owners[in_block(literal)].push_back(i);
  }
  ScanSet set;
  std::vector<const std::vector<std::size_t>*> by_id;
  for (const auto& [literal, of] : owners) {
    set.push_back({static_cast<std::uint32_t>(by_id.size()), analyse::spell_literal(literal.bytes),
                   literal.caseless, false, false});
    by_id.push_back(&of);
  }
  if (set.empty()) return;
  Offenders offenders;
  Shortage shortage;  // of measuring alone: the plan can be made without
  const Databases databases =
      compile_databases(set, Spelling::literals, compiler, offenders, shortage);
  std::vector<bool> scanned(by_id.size(), false);

  struct Context {
    Occurrences& self;
    const std::vector<const std::vector<std::size_t>*>& by_id;
  };

  Context context{*this, by_id};
  const match::OnMatch on_match = [](unsigned id, unsigned long long, unsigned long long end,
                                     unsigned, void* at) {
    Context& to = *static_cast<Context*>(at);
    for (const std::size_t wanted : *to.by_id[id])
      to.self.note(to.self.wanted_[wanted], static_cast<std::size_t>(end));
    return 0;
  };
  for (const Databases::One& one : databases.compiled) {
    match::Scratch scratch;
    if (!one.scanner->reserve(scratch) || !one.scanner->scan(block_, scratch, on_match, &context))
      continue;
    for (const std::uint32_t id : one.ids) scanned[id] = true;
  }
  for (std::size_t id = 0; id < by_id.size(); ++id) {
    if (scanned[id]) continue;
    for (const std::size_t wanted : *by_id[id]) wanted_[wanted].found.known = false;
  }
}

void Occurrences::count_rows() {
  struct Context {
    Occurrences& self;
    std::vector<std::size_t> wanted;  // by row
  };

  Context context{*this, {}};
  std::vector<match::Row> rows;
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    if (wanted_[i].row == nullptr) continue;
    wanted_[i].found.known = true;
    rows.push_back(row_of(*wanted_[i].row));
    context.wanted.push_back(i);
  }
  const match::ShiftAnd::OnRow on_row = [](std::uint32_t row, std::size_t end, void* at) {
    Context& to = *static_cast<Context*>(at);
    to.self.note(to.self.wanted_[to.wanted[row]], end);
  };
  match::ShiftAnd(rows).scan(block_, on_row, &context);
}

void Occurrences::count(SetCompiler& compiler) {
  count_literals(compiler);
  count_rows();
}

}  // namespace headgate::back
