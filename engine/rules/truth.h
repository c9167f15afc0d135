// Truth: what is known about each pattern of one Program, for one text.
// Starts from the plan's candidates, asks a reference engine at most once a pattern and text, forgets on reset().
//   Units     pattern ids of the Program; offsets are bytes of the text.
//   Lifetime  borrows the Program and the text; both must outlive it. The Scratch may be that of other Truths, too, if all
//             have one owner: between two calls nothing is kept in it.
//   Threads   one owner, never shared.
//   Errors    Answer::failed with the engine's text stays in memory like any answer: every test that meets it warns.
//   Cost      a scan a text (one for all lines of a block), then only what is a candidate; no allocation once its
//             vectors have grown.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/match/confirm.h"
#include "engine/match/scratch.h"
#include "engine/rules/block_scan.h"
#include "engine/rules/program.h"

namespace headgate::rules {

// Whether the plan is used at all. confirm_only is Postfix's own way: every pattern by the reference engine.
enum class Path : std::uint8_t { scan, confirm_only };

// The plan's opinion: no and yes are certain, ask is not.
enum class Opinion : std::uint8_t { no, yes, ask };

class Truth {
 public:
  // `scratch` null: one of its own.
  Truth(const Program& program, Path path, std::shared_ptr<match::Scratch> scratch = nullptr);

  void reset(std::string_view text);

  // A block of lines, see Lookup::scan(); then each line as reset() does it, by the offset at which it begins.
  void scan_block(std::string_view block, std::vector<std::uint32_t>& touched);
  void reset_to_line(std::uint32_t offset, std::string_view text);

  [[nodiscard]] std::string_view text() const { return text_; }

  // Every pattern may match: the plan has nothing to say about this text.
  [[nodiscard]] bool all_candidates() const { return all_; }

  // Which patterns may match, when not all; in no order.
  [[nodiscard]] const std::vector<std::uint32_t>& candidates() const { return candidates_; }

  // Kept from text to text, for the walk.
  std::vector<std::uint32_t>& room_for_stops() { return stops_; }

  std::vector<std::uint32_t>& room_for_guards() { return guards_; }

  // The reference engine might run into a limit, whatever the pattern is used for.
  [[nodiscard]] bool doubts(std::uint32_t pattern) const {
    return is_doubted(text_.size(), program_.patterns()[pattern].trusted_bytes);
  }

  Opinion opinion(std::uint32_t pattern);

  // The reference engine's answer. `from_memory` says whether it was asked before for this text.
  const match::Outcome& ask(std::uint32_t pattern, bool* from_memory = nullptr);

  // The captures of a pattern that has answered yes.
  const std::vector<match::Group>& captures(std::uint32_t pattern);

 private:
  struct Memory {
    std::uint64_t candidate = 0, ruled_out = 0, spelled = 0,
                  asked = 0;  // the generation when it was so
    match::Outcome outcome;
  };

  void begin(std::string_view text, bool is_line_of_block);
  void look();
  bool look(const Section& section);
  void add(std::uint32_t pattern);
  bool lacks_a_literal(const Pattern& pattern);
  bool is_not_spelled(std::uint32_t id);
  match::Symbols symbols();
  std::string_view folded();
  bool has_one_of(const FurtherNeed& need);

  const Program& program_;
  Path path_;
  std::string_view text_;
  std::uint64_t generation_ = 0;
  bool all_ = false;
  bool line_of_block_ = false;
  std::uint32_t named_ = NameIndex::kNone;  // the text's section by name
  bool unlooked_ = false;  // there are no candidates; what else the sections tell was not asked for
  match::Symbols symbols_ = 0;
  bool symbols_known_ = false;
  std::vector<std::uint32_t> candidates_, stops_, guards_;
  std::shared_ptr<match::Scratch> scratch_;
  BlockScan block_;
  std::vector<Memory> memory_;
  std::vector<std::uint64_t> looked_for_;  // by scan: the generation whose text it has looked at
  std::string folded_;
  std::uint64_t folded_generation_ = 0;
  std::vector<match::Group> groups_;
  std::uint32_t groups_of_ = 0;
  bool groups_valid_ = false;
};

}  // namespace headgate::rules
