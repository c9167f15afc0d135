// Tested by tests/bench/peers_test.cc.
#include "bench/peers/ours.h"

#include <algorithm>
#include <unordered_map>

#include "bench/peers/walk.h"
#include "engine/checks/inspector.h"
#include "engine/mail/splitter.h"
#include "engine/match/scratch.h"
#include "engine/rules/program_lookup.h"

namespace headgate::peers {

namespace {

class Ours final : public Peer {
 public:
  Ours(std::shared_ptr<const rules::Program> program, KeyKind kind)
      : lookup_(std::move(program), "bench", {}), kind_(kind) {
    const std::vector<rules::Rule>& rules = lookup_.program().rules();
    for (std::uint32_t i = 0; i < rules.size(); ++i) by_line_.emplace(rules[i].line, i);
  }

  void scan(const Section& section, std::uint64_t first, Hits& hits) override {
    touched_.clear();
    if (kind_ == KeyKind::body && lookup_.scan(section.bytes, touched_))
      return ask_touched(section, first, hits);
    scan_texts(section, first, hits,
               [this](std::string_view text) { return rule_of(lookup_.find(text)); });
  }

 private:
  void ask_touched(const Section& section, std::uint64_t first, Hits& hits) {
    auto text = section.texts.begin();
    for (const std::uint32_t offset : touched_) {
      const char* begin = section.bytes.data() + offset;
      text = std::lower_bound(
          text, section.texts.end(), begin,
          [](std::string_view one, const char* wanted) { return one.data() < wanted; });
      if (text == section.texts.end()) return;
      if (text->data() != begin) continue;  // an empty line
      const std::uint32_t rule = rule_of(lookup_.find_line(offset, *text));
      if (rule != kNoRule)
        hits.add(first + static_cast<std::uint64_t>(text - section.texts.begin()), rule);
    }
  }

  [[nodiscard]] std::uint32_t rule_of(const Result<std::optional<Found>>& found) const {
    return found && *found ? by_line_.at((*found)->line) : kNoRule;
  }

  rules::ProgramLookup lookup_;
  const KeyKind kind_;
  std::unordered_map<int, std::uint32_t> by_line_;
  std::vector<std::uint32_t> touched_;
};

class OwnDatabases final : public Peer {
 public:
  OwnDatabases(std::shared_ptr<const rules::Program> program, KeyKind kind)
      : program_(std::move(program)), kind_(kind) {}

  bool prepare() {
    return std::ranges::all_of(program_->plan().scans, [this](const rules::Scan& scan) {
      return scan.scanner->reserve(scratch_);
    });
  }

  // A scan that fails is a hit of rule 0: the figure must not look good.
  void scan(const Section& section, std::uint64_t, Hits& hits) override {
    failed_ = false;
    scan_all(section);
    if (failed_) hits.add(0, 0);
  }

 private:
  void scan_all(const Section& section) {
    const rules::ScanPlan& plan = program_->plan();
    if (kind_ == KeyKind::body && plan.blocks) return run(plan.block, section.bytes);
    for (const std::string_view text : section.texts) {
      run(plan.any, text);
      const rules::Section* named = program_->named_section(text);
      if (named != nullptr) run(*named, text);
    }
  }

  void run(const rules::Section& section, std::string_view text) {
    const match::OnMatch go_on = [](unsigned, unsigned long long, unsigned long long, unsigned,
                                    void*) { return 0; };
    for (const std::uint32_t number : section.scans)
      if (!program_->plan().scans[number].scanner->scan(text, scratch_, go_on, nullptr))
        failed_ = true;
  }

  std::shared_ptr<const rules::Program> program_;
  const KeyKind kind_;
  match::Scratch scratch_;
  bool failed_ = false;
};

class Nowhere final : public checks::Sink, public checks::ActionObserver {
 public:
  void record(std::string_view, bool) override {}

  void lines(std::string_view) override {}

  void on_action(const checks::ActionTaken&) override { ++actions; }

  void on_quiet_action(const checks::ActionTaken&) override { ++actions; }

  void on_warning(std::string_view) override {}

  std::uint64_t actions = 0;
};

void add(checks::TableList& list, std::shared_ptr<const rules::Program> program) {
  if (program == nullptr) return;
  list.tables.push_back(
      std::make_unique<rules::ProgramLookup>(std::move(program), "bench", WarningSink{}));
}

}  // namespace

Made make_ours(std::shared_ptr<const rules::Program> program, KeyKind kind) {
  Made made;
  for (const rules::Scan& scan : program->plan().scans)
    made.memory_bytes += scan.scanner->size_bytes();
  made.peer = std::make_unique<Ours>(std::move(program), kind);
  return made;
}

Made make_own_databases(std::shared_ptr<const rules::Program> program, KeyKind kind) {
  Made made;
  if (program->plan().scans.empty()) {
    made.problem = "the table has no databases";
    return made;
  }
  made.exact = false;
  auto peer = std::make_unique<OwnDatabases>(std::move(program), kind);
  if (!peer->prepare()) {
    made.problem = "no memory to scan with";
    return made;
  }
  made.peer = std::move(peer);
  return made;
}

std::unique_ptr<checks::CheckSet> make_check_set(std::shared_ptr<const rules::Program> headers,
                                                 std::shared_ptr<const rules::Program> body) {
  auto set = std::make_unique<checks::CheckSet>();
  add(*set->header, std::move(headers));
  add(*set->body, std::move(body));
  return set;
}

std::uint64_t inspect_message(checks::CheckSet& checks, std::string_view raw) {
  constexpr std::size_t kLineLengthLimit = 2048;
  const checks::Limits limits;
  Nowhere nowhere;
  checks::Inspector inspector(checks, limits, nowhere, nowhere);
  mail::Splitter splitter(kLineLengthLimit);
  inspector.look_ahead(raw);
  splitter.feed(raw, inspector);
  splitter.end(inspector);
  inspector.look_ahead({});
  inspector.end();
  return nowhere.actions;
}

}  // namespace headgate::peers
