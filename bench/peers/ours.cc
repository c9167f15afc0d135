// Tested by tests/bench/peers_test.cc.
#include "bench/peers/ours.h"

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
  explicit Ours(std::shared_ptr<const rules::Program> program)
      : lookup_(std::move(program), "bench", {}) {
    const std::vector<rules::Rule>& rules = lookup_.program().rules();
    for (std::uint32_t i = 0; i < rules.size(); ++i) by_line_.emplace(rules[i].line, i);
  }

  void scan(const Section& section, std::uint64_t first, Hits& hits) override {
    scan_texts(section, first, hits, [this](std::string_view text) {
      const auto found = lookup_.find(text);
      return found && *found ? by_line_.at((*found)->line) : kNoRule;
    });
  }

 private:
  rules::ProgramLookup lookup_;
  std::unordered_map<int, std::uint32_t> by_line_;
};

class OwnDatabases final : public Peer {
 public:
  explicit OwnDatabases(std::shared_ptr<const rules::Program> program)
      : program_(std::move(program)) {}

  void scan(const Section& section, std::uint64_t, Hits&) override {
    for (const std::string_view text : section.texts) {
      candidates_.clear(program_->patterns().size());
      for (const auto& scanner : program_->scanners())
        if (!scanner->scan(text, scratch_, candidates_)) return;
    }
  }

 private:
  std::shared_ptr<const rules::Program> program_;
  match::Scratch scratch_;
  match::Candidates candidates_;
};

class Nowhere final : public checks::Sink, public checks::ActionObserver {
 public:
  void record(std::string_view, bool) override {}

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

Made make_ours(std::shared_ptr<const rules::Program> program) {
  Made made;
  for (const auto& scanner : program->scanners()) made.memory_bytes += scanner->size_bytes();
  made.peer = std::make_unique<Ours>(std::move(program));
  return made;
}

Made make_own_databases(std::shared_ptr<const rules::Program> program) {
  Made made;
  if (program->scanners().empty()) {
    made.problem = "the table has no databases";
    return made;
  }
  made.exact = false;
  made.peer = std::make_unique<OwnDatabases>(std::move(program));
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
  splitter.feed(raw, inspector);
  splitter.end(inspector);
  inspector.end();
  return nowhere.actions;
}

}  // namespace headgate::peers
