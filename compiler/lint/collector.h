// Collector: takes what the lints find, with the level and the help that catalogue.h gives its kind.
//   Threads   one owner.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/lint/catalogue.h"
#include "compiler/lint/table_view.h"
#include "engine/rules/linter.h"

namespace headgate::lint {

class Collector {
 public:
  // `id` stands in the catalogue; `why` empty: the catalogue's help.
  void add(std::string_view id, const RuleLine& line, std::string what, std::string suggestion = {},
           std::string why = {}, int other_line = 0) {
    add_at(id, line.first, std::move(what), std::move(suggestion), std::move(why), other_line);
  }

  void add_at(std::string_view id, int line, std::string what, std::string suggestion = {},
              std::string why = {}, int other_line = 0) {
    const rules::FindingKind& kind = finding_kind(id);
    findings_.push_back({std::string(id), kind.level, line, other_line, std::move(what),
                         why.empty() ? std::string(kind.help) : std::move(why),
                         std::move(suggestion)});
  }

  [[nodiscard]] std::vector<rules::Finding>& findings() { return findings_; }

 private:
  std::vector<rules::Finding> findings_;
};

}  // namespace headgate::lint
