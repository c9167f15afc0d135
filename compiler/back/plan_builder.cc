// How it works: each pattern's choice is made first. Then the sections are filled one after the other: what is found by
// literals goes to a database of all literals of the section, what is found by its spelling to databases of those, the rest
// to the gates, and so does whatever no database takes.
// Tested by tests/compiler/back/plan_builder_test.cc.
#include "compiler/back/plan_builder.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "compiler/back/measure.h"
#include "compiler/back/section_databases.h"
#include "engine/base/text.h"

namespace headgate::back {

namespace {

using rules::Gated;
using rules::Section;
using rules::Strategy;

// Below, gates are as fast as a database; a finder is faster, however few there are.
constexpr std::size_t kFewestInNamedDatabase = 4;

// No line of a block has a newline; one with a NUL is not asked for as a line (engine/lookup.h).
bool is_in_no_line(const analyse::Needs& needs) {
  const analyse::ByteSet in_lines = ~(analyse::single('\n') | analyse::single('\0'));
  return std::any_of(needs.bytes.begin(), needs.bytes.end(), [&](const analyse::NeededByte& byte) {
    return (byte.any_of & in_lines).none();
  });
}

std::string bytes_needed(const rules::Gate& gate) {
  std::string bytes;
  for (char c = '!'; c <= '~'; ++c) {
    if (text::to_lower(c) == c && (gate.all & match::symbol_of(c)) != 0) bytes += c;
  }
  return bytes.empty() ? "needs certain bytes" : fmt::format("needs the bytes {}", bytes);
}

class PlanBuilder {
 public:
  PlanBuilder(Lowered& lowered, const std::vector<CompiledPattern>& patterns,
              const Switches& switches, const rules::MailSample* mail, SetCompiler& compiler,
              Offenders& offenders, Shortage& shortage)
      : parts_(lowered.parts),
        switches_(switches),
        compiler_(compiler),
        databases_(lowered.parts.plan, switches.finders, compiler, offenders, shortage) {
    for (std::size_t i = 0; i < lowered.pattern_ids.size(); ++i) {
      plans_.push_back(patterns[lowered.pattern_ids[i]].plan);
      if (switches.guards) add_needs(lowered.guards[i], patterns, plans_.back().needs);
    }
    choose(lowered, patterns, mail);
  }

  void build() {
    for (std::uint32_t id = 0; id < alone_.size(); ++id) take_over(id);
    fill_any();
    fill_named();
    if (switches_.blocks) fill_block();
    fill_spelled();
    finish(plan().any);
    finish(plan().block);
    plan().blocks = switches_.blocks;
    plan().ready = true;
  }

 private:
  // A rule is reached only where its guards hold.
  static void add_needs(const std::vector<std::uint32_t>& guards,
                        const std::vector<CompiledPattern>& patterns, analyse::Needs& needs) {
    for (const std::uint32_t guard : guards) {
      const analyse::Needs& more = patterns[guard].plan.needs;
      needs.literals.insert(needs.literals.end(), more.literals.begin(), more.literals.end());
      needs.bytes.insert(needs.bytes.end(), more.bytes.begin(), more.bytes.end());
      if (!needs.header_names.empty()) continue;
      needs.header_names = more.header_names;
      needs.only_name = false;
    }
  }

  void choose(const Lowered& lowered, const std::vector<CompiledPattern>& patterns,
              const rules::MailSample* mail) {
    if (mail == nullptr) {
      alone_ = in_block_ = choose_for_blocks({});
      return;
    }
    std::vector<Measurable> wanted;
    for (std::size_t i = 0; i < plans_.size(); ++i)
      wanted.push_back({&plans_[i], patterns[lowered.pattern_ids[i]].engine.get()});
    const Measured measured = measure(wanted, *mail, compiler_);
    plan().measured = mail->body_lines ? rules::MeasuredOn::body_lines : rules::MeasuredOn::headers;
    // What was measured on headers says nothing about body lines, and the other way round.
    if (mail->body_lines) {
      in_block_ = choose_for_blocks(measured);
      alone_ = choose(switches_, {});
    } else {
      alone_ = choose(switches_, measured);
      in_block_ = choose_for_blocks({});
    }
  }

  // Rows only where they save more in all than it costs to look for any.
  [[nodiscard]] std::vector<ScanChoice> choose_for_blocks(const Measured& measured) const {
    std::vector<ScanChoice> choices = choose(switches_, measured);
    double saved = 0;
    for (const ScanChoice& choice : choices)
      saved += choice.expected.cost - choice.expected_in_block.cost;
    if (saved >= kAnyRow) return choices;
    Switches no_rows = switches_;
    no_rows.rows = false;
    return choose(no_rows, measured);
  }

  [[nodiscard]] std::vector<ScanChoice> choose(const Switches& switches,
                                               const Measured& measured) const {
    std::vector<ScanChoice> choices;
    for (std::size_t i = 0; i < plans_.size(); ++i)
      choices.push_back(choose_scan(plans_[i], switches, measured.of(i)));
    return choices;
  }

  rules::ScanPlan& plan() { return parts_.plan; }

  // What a pattern has one of for both: what is measured counts more than what is guessed.
  [[nodiscard]] const ScanChoice& common(std::uint32_t id) const {
    return parts_.plan.measured == rules::MeasuredOn::body_lines ? in_block_[id] : alone_[id];
  }

  [[nodiscard]] bool is_named(std::uint32_t id) const {
    return switches_.names && !plans_[id].needs.header_names.empty();
  }

  void take_over(std::uint32_t id) {
    rules::Pattern& pattern = parts_.patterns[id];
    const ScanChoice& choice = common(id);
    pattern.trusted_bytes = rules::kTrustedWhateverComes;
    pattern.strategy = choice.strategy;
    pattern.reason = choice.reason;
    pattern.also = choice.also;
    if (choice.strategy == Strategy::bytes) pattern.reason = bytes_needed(choice.gate);
    if (pattern.on_demand) {
      pattern.strategy = Strategy::confirm_only;
      pattern.reason = "asked where it is reached";
    }
    if (is_named(id) && plans_[id].needs.only_name) {
      pattern.strategy = Strategy::name;
      pattern.reason.clear();
      pattern.sure = true;
    }
  }

  // How far a section's silence about a pattern is believed.
  void trust(Section& section, std::uint32_t id, std::size_t bytes) {
    rules::Pattern& pattern = parts_.patterns[id];
    pattern.trusted_bytes = std::min(pattern.trusted_bytes, bytes);
    if (bytes >= rules::kTrustedWhateverComes) return;
    rules::Doubt doubt{bytes, id, {}, 0};
    if (common(id).doubt_gate_trusted_bytes > bytes) {
      doubt.gate = common(id).doubt_gate;
      doubt.gate_trusted_bytes = common(id).doubt_gate_trusted_bytes;
    }
    section.doubts.push_back(doubt);
  }

  // What is asked on demand might fail where nobody demands it.
  void doubt(Section& section, std::uint32_t id) {
    trust(section, id, plans_[id].needs.trusted_bytes);
  }

  // For people: how the section was expected to find it.
  void expect(const Section& section, std::uint32_t id, rules::Outlook outlook) {
    rules::Pattern& pattern = parts_.patterns[id];
    (&section == &plan().block ? pattern.in_block : pattern.alone) = std::move(outlook);
  }

  void gate(Section& section, std::uint32_t id) {
    const ScanChoice& choice = &section == &plan().block ? in_block_[id] : alone_[id];
    expect(section, id, outlook_of(choice.by_gate));
    section.gated.push_back(Gated{choice.gate, id});
    trust(section, id, choice.gate_trusted_bytes);
  }

  void find_by_literals(Section& section, std::uint32_t id, const analyse::NeededLiterals& needed,
                        const Expected& expected, LiteralOwners& literals) {
    expect(section, id, outlook_of(expected, needed.any_of));
    for (const analyse::Literal& literal : needed.any_of) {
      auto& owners = literals[&section == &plan().block ? in_block(literal) : anywhere(literal)];
      if (owners.empty() || owners.back() != id) owners.push_back(id);
    }
    trust(section, id, needed.trusted_bytes);
  }

  static void finish(Section& section) {
    auto& doubts = section.doubts;
    std::sort(doubts.begin(), doubts.end(), [](const rules::Doubt& a, const rules::Doubt& b) {
      return std::tie(a.trusted_bytes, a.pattern) < std::tie(b.trusted_bytes, b.pattern);
    });
    doubts.erase(std::unique(doubts.begin(), doubts.end()), doubts.end());
  }

  void fill_any() {
    LiteralOwners literals;
    ScanSet spellings;
    for (std::uint32_t id = 0; id < alone_.size(); ++id) {
      if (is_named(id)) continue;
      if (parts_.patterns[id].on_demand) {
        doubt(plan().any, id);
        continue;
      }
      const ScanChoice& choice = alone_[id];
      if (choice.literals != nullptr) {
        find_by_literals(plan().any, id, *choice.literals, choice.expected, literals);
      } else if (by_spelling(choice)) {
        trust(plan().any, id, plans_[id].trusted_bytes);
        expect(plan().any, id, outlook_of(choice.expected));
        spellings.push_back({id, plans_[id].scan_text, plans_[id].caseless, false, true});
      } else {
        gate(plan().any, id);
      }
    }
    add_literals(plan().any, literals);
    databases_.add_spellings(
        plan().any, spellings, [this](std::uint32_t id, const std::string* why) {
          rules::Pattern& pattern = parts_.patterns[id];
          pattern.sure = why == nullptr && plans_[id].how == analyse::How::native;
          if (why == nullptr) return;
          gate(plan().any, id);
          if (!by_spelling(common(id))) return;
          pattern.strategy = Strategy::confirm_only;
          pattern.reason = *why;
        });
  }

  void fill_named() {
    std::map<std::string, std::vector<std::uint32_t>> by_name;
    for (std::uint32_t id = 0; id < alone_.size(); ++id) {
      if (!is_named(id)) continue;
      for (const std::string& name : plans_[id].needs.header_names) by_name[name].push_back(id);
    }
    static_assert(analyse::kLongestLiteral <= rules::NameIndex::kLongestName);
    for (const auto& [name, ids] : by_name) {
      Section section;
      section.name = name;
      std::vector<std::uint32_t> by_literals;
      for (const std::uint32_t id : ids) {
        if (parts_.patterns[id].on_demand && parts_.patterns[id].strategy != Strategy::name) {
          doubt(section, id);
          continue;
        }
        const bool has_literals =
            alone_[id].named_literals != nullptr && parts_.patterns[id].strategy != Strategy::name;
        if (has_literals)
          by_literals.push_back(id);
        else if (parts_.patterns[id].strategy == Strategy::name)
          section.gated.push_back(Gated{rules::Gate{}, id});
        else
          gate(section, id);
      }
      if (!switches_.finders && by_literals.size() < kFewestInNamedDatabase) {
        for (const std::uint32_t id : by_literals) gate(section, id);
      } else {
        LiteralOwners literals;
        for (const std::uint32_t id : by_literals)
          find_by_literals(section, id, *alone_[id].named_literals, alone_[id].expected_named,
                           literals);
        add_literals(section, literals);
      }
      finish(section);
      plan().named.push_back(std::move(section));
    }
  }

  void fill_block() {
    LiteralOwners literals;
    ScanSet spellings;
    for (std::uint32_t id = 0; id < alone_.size(); ++id) {
      const ScanChoice& choice = in_block_[id];
      const analyse::Plan& of = plans_[id];
      if (parts_.patterns[id].on_demand) {
        doubt(plan().block, id);
        continue;
      }
      if (is_in_no_line(of.needs)) {
        doubt(plan().block, id);
      } else if (choice.row != nullptr) {
        trust(plan().block, id, choice.row->trusted_bytes);
        expect(plan().block, id, outlook_of(choice.expected_in_block));
        plan().block_rows.push_back(rules::RowOf{id, row_of(*choice.row)});
      } else if (choice.literals != nullptr) {
        find_by_literals(plan().block, id, *choice.literals, choice.expected, literals);
      } else if (by_spelling(choice) && !of.block_text.empty()) {
        trust(plan().block, id, of.trusted_bytes);
        expect(plan().block, id, outlook_of(choice.expected));
        spellings.push_back({id, of.block_text, of.block_caseless, true, false});
      } else {
        gate(plan().block, id);
      }
    }
    add_literals(plan().block, literals);
    databases_.add_spellings(plan().block, spellings,
                             [this](std::uint32_t id, const std::string* why) {
                               if (why != nullptr) gate(plan().block, id);
                             });
  }

  // Patterns that are found by the same literals, or the same rare byte, are candidates together, and share a database.
  void fill_spelled() {
    std::map<analyse::Clause, ScanSet> together;
    std::map<int, ScanSet> by_symbol;
    std::vector<ScanSet> sets;
    for (std::uint32_t id = 0; id < alone_.size(); ++id) {
      const ScanChoice& choice = common(id);
      if (!choice.worth_spelling || parts_.patterns[id].on_demand) continue;
      const ScanPattern pattern{id, plans_[id].scan_text, plans_[id].caseless, false, true};
      if (choice.row != nullptr || (choice.literals == nullptr && choice.gate.all == 0))
        sets.push_back({pattern});
      else if (choice.literals == nullptr)
        by_symbol[match::rarest_symbol(choice.gate.all)].push_back(pattern);
      else
        together[choice.literals->any_of].push_back(pattern);
    }
    for (auto& [literals, set] : together) sets.push_back(std::move(set));
    for (auto& [symbol, set] : by_symbol) sets.push_back(std::move(set));
    for (const ScanSet& set : sets) {
      Section found;
      databases_.add_spellings(found, set, [](std::uint32_t, const std::string*) {});
      for (const std::uint32_t number : found.scans) {
        for (const std::uint32_t id : plan().scans[number].owners)
          parts_.patterns[id].spelled = rules::Spelled{number, plans_[id].trusted_bytes};
      }
    }
  }

  void add_literals(Section& section, const LiteralOwners& literals) {
    databases_.add_literals(section, literals, [&](std::uint32_t id, const std::string& why) {
      parts_.patterns[id].reason = why;
      gate(section, id);
    });
  }

  rules::ProgramParts& parts_;
  Switches switches_;
  SetCompiler& compiler_;
  SectionDatabases databases_;
  std::vector<analyse::Plan> plans_;  // with what the guards around a rule need
  std::vector<ScanChoice> alone_,
      in_block_;  // by pattern: for texts of their own, for lines of blocks
};

}  // namespace

void build_plan(Lowered& lowered, const std::vector<CompiledPattern>& patterns,
                const Switches& switches, const rules::MailSample* mail, SetCompiler& compiler,
                Offenders& offenders, Shortage& shortage) {
  PlanBuilder(lowered, patterns, switches, mail, compiler, offenders, shortage).build();
}

}  // namespace headgate::back
