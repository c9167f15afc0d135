// PlanReport: where each pattern of a Program is looked for, what for, how often it was expected and at what cost: what
// `compile --explain` says beyond strategy and reason.
//   Units     costs are nanoseconds a byte of text; databases and patterns are numbered as in the Program.
//   Lifetime  borrows the Program.        Threads  pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/rules/program.h"

namespace headgate::cli {

class PlanReport {
 public:
  explicit PlanReport(const rules::Program& program);

  // A line each for texts of their own, for body lines, and for what is tested before the reference engine is asked; none for
  // what is asked only where it is reached.
  [[nodiscard]] std::vector<std::string> lines(std::uint32_t pattern) const;

  // What all patterns were expected to cost together, and the dearest ones, the worst first; a line each.
  [[nodiscard]] std::vector<std::string> summary() const;

  // {"alone": {…}, "block": {…}}, null where the pattern is in no plan.
  [[nodiscard]] nlohmann::ordered_json facts(std::uint32_t pattern) const;

  // {"alone": …, "block": …}
  [[nodiscard]] nlohmann::ordered_json costs() const;

 private:
  enum class Way : std::uint8_t { none, database, gate, row };

  // How one kind of texts is searched for a pattern.
  struct Place {
    Way way = Way::none;
    std::vector<std::string> names;        // of headers; none: any
    std::vector<std::uint32_t> databases;  // without doubles
    const rules::Gate* gate = nullptr;
    const match::Row* row = nullptr;
  };

  void add_section(const rules::Section& section, std::vector<Place>& places);

  struct Sums {
    double alone = 0, in_block = 0;  // of patterns that any text is looked at for; of all
  };

  [[nodiscard]] Sums sums() const;
  [[nodiscard]] std::string_view how(rules::MeasuredOn kind) const;
  [[nodiscard]] std::string database(std::uint32_t number) const;
  [[nodiscard]] std::string what_for(const Place& place, const rules::Outlook& outlook) const;
  [[nodiscard]] std::string line(std::string_view where, const Place& place,
                                 const rules::Outlook& outlook) const;
  [[nodiscard]] nlohmann::ordered_json facts(const Place& place,
                                             const rules::Outlook& outlook) const;

  const rules::Program& program_;
  std::vector<Place> alone_, block_;  // by pattern
};

}  // namespace headgate::cli
