// Judge: the installed Postfix's own pcre: and regexp: tables, in this process. Its libraries are loaded, not linked, and
// asked through their dict interface; their warnings are caught at msg(3).
//   Lifetime  one Judge a process (msg(3) has one output); a JudgeTable must not outlive it.     Threads  one.
//   Errors    load() fails with Code::unavailable where Postfix 3.7's libraries are not installed: the caller skips.
//             A panic or fatal error of Postfix ends the process with kDied.
//   Source    dict(3), dict_pcre(3), dict_regexp(3), msg_output(3) of Postfix 3.7.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/rules/program_source.h"

namespace headgate::collide {

constexpr int kDied = 66;

struct Answer {
  std::optional<std::string> value;
  std::string error;  // the table could not answer
  std::vector<std::string> warnings;
  friend bool operator==(const Answer&, const Answer&) = default;
};

struct Dict;

class JudgeTable {
 public:
  JudgeTable(Dict* dict, std::vector<std::string> warnings);
  JudgeTable(JudgeTable&& other) noexcept;
  JudgeTable& operator=(JudgeTable&&) = delete;
  ~JudgeTable();

  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  // `key` holds no NUL.
  Answer find(const std::string& key);

 private:
  Dict* dict_;
  std::vector<std::string> warnings_;
};

class Judge {
 public:
  static Result<Judge> load();

  // `name`: a path, relative to the working directory, or an inline table.
  JudgeTable open(rules::Dialect dialect, const std::string& name) const;

 private:
  using Open = Dict* (*)(const char*, int, int);
  Open open_pcre_ = nullptr;
  Open open_regexp_ = nullptr;
};

}  // namespace headgate::collide
