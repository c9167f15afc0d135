// TableText: a pcre: or regexp: table's statements, to make other tables of them: some of its rules, or all with groups
// around some. Order and rules stay as they are.
//   Threads   a value; pure.       Errors  none: what is no statement is carried along as it stands.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::bench {

// An `if GUARD` before the rule that begins at `first_line`, an `endif` behind the one that begins at `last_line`.
struct GroupEdit {
  std::string guard;  // "/^Subject:/"
  int first_line = 0, last_line = 0;
};

class TableText {
 public:
  explicit TableText(std::string_view text);

  [[nodiscard]] std::size_t rule_count() const { return rules_; }

  // So many rules, chosen by `seed`, in their order and groups.
  [[nodiscard]] std::string subset(std::size_t rules, std::uint64_t seed) const;

  [[nodiscard]] std::string with_groups(const std::vector<GroupEdit>& groups) const;

  // Lines of statements before which a #@emergency mark stands: nothing may come between.
  [[nodiscard]] bool is_marked(int line) const;

 private:
  enum class Kind : std::uint8_t { rule, guard, endif };

  struct Statement {
    Kind kind = Kind::rule;
    int line = 0;
    bool marked = false;
    std::string text;
  };

  std::vector<Statement> statements_;
  std::size_t rules_ = 0;
};

}  // namespace headgate::bench
