// Truth: what is known about each pattern of one Program, for one text.
// Starts from the scan's candidates, asks a reference engine at most once a pattern and text, forgets on reset().
//   Units     pattern ids of the Program; offsets are bytes of the text.
//   Lifetime  borrows the Program and the text; both must outlive it.       Threads  one owner, never shared.
//   Errors    Answer::failed with the engine's text stays in memory like any answer: every test that meets it warns.
//   Cost      reset is O(patterns / 64); a scanner runs at the first question that it can answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/match/confirm.h"
#include "engine/match/scanner.h"
#include "engine/match/scratch.h"
#include "engine/rules/program.h"

namespace headgate::rules {

// Whether the scan is used at all. confirm_only is Postfix's own way: every pattern by the reference engine.
enum class Path : std::uint8_t { scan, confirm_only };

// The scan's opinion: no and yes are certain, ask is not.
enum class Opinion : std::uint8_t { no, yes, ask };

class Truth {
 public:
  Truth(const Program& program, Path path);

  void reset(std::string_view text);

  [[nodiscard]] std::string_view text() const { return text_; }

  Opinion opinion(std::uint32_t pattern);

  // The reference engine's answer. `from_memory` says whether it was asked before for this text.
  const match::Outcome& ask(std::uint32_t pattern, bool* from_memory = nullptr);

  // The captures of a pattern that has answered yes.
  const std::vector<match::Group>& captures(std::uint32_t pattern);

 private:
  struct Memory {
    std::uint64_t generation = 0;
    match::Outcome outcome;
  };

  [[nodiscard]] bool scanned(std::uint32_t scanner);

  const Program& program_;
  Path path_;
  std::string_view text_;
  std::uint64_t generation_ = 0;
  enum class Scan : std::uint8_t { not_yet, done, failed };
  std::vector<Scan> scans_;  // by scanner
  match::Candidates candidates_;
  match::Scratch scratch_;
  std::vector<Memory> memory_;
  std::vector<match::Group> groups_;
  std::uint32_t groups_of_ = 0;
  bool groups_valid_ = false;
};

}  // namespace headgate::rules
