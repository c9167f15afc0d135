// Runs every *.case of this folder (format: ../README.md) on every path: compiled in process with the scan and without,
// with each optimisation switched off, by the source of images before there is an image and from the image; each key as a
// text and as a line of a block. All must give the same answers and the same warnings.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/store/image_source.h"
#include "engine/base/env.h"
#include "engine/base/file.h"
#include "engine/rules/program_lookup.h"
#include "tests/support/block_lookup.h"

namespace headgate {
namespace {

struct Expectation {
  std::string key;
  bool emergency = false;
  std::optional<std::string> value;
  int line = 0;  // 0: not told
  std::vector<std::string> warnings;
};

struct Case {
  std::string name;
  rules::Dialect dialect = rules::Dialect::pcre;
  std::string inline_name;  // empty: `text` is the table
  std::string text;
  std::vector<std::string> warnings;
  std::string error;
  std::vector<Expectation> expectations;
};

std::string unescape(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '\\' || i + 1 == s.size()) {
      out += s[i];
      continue;
    }
    const char c = s[++i];
    if (c == 'n')
      out += '\n';
    else if (c == 'r')
      out += '\r';
    else if (c == 't')
      out += '\t';
    else if (c == 'x')
      out += static_cast<char>(std::stoi(std::string(s.substr(i + 1, 2)), nullptr, 16)), i += 2;
    else
      out += c;
  }
  return out;
}

std::string trim_end(std::string s) {
  while (!s.empty() && s.back() == ' ') s.pop_back();
  return s;
}

Expectation parse_expectation(std::string line) {
  Expectation expected;
  if (line.starts_with("emergency ")) {
    expected.emergency = true;
    line.erase(0, 10);
  }
  const auto arrow = line.find("=>");
  if (arrow == std::string::npos) throw std::runtime_error("no => in: " + line);
  expected.key = unescape(trim_end(line.substr(0, arrow)));
  std::string answer = line.substr(arrow + 2);
  if (const auto at = answer.rfind("  line "); at != std::string::npos) {
    expected.line = std::stoi(answer.substr(at + 7));
    answer = answer.substr(0, at);
  }
  answer = trim_end(answer.substr(std::min<std::size_t>(1, answer.size())));
  if (answer != "none") expected.value = unescape(answer);
  return expected;
}

void parse_answer_line(const std::string& line, Case& test) {
  if (line.empty()) return;
  if (line.starts_with("error: ")) {
    test.error = unescape(line.substr(7));
  } else if (line.starts_with("warning: ")) {
    auto& list = test.expectations.empty() ? test.warnings : test.expectations.back().warnings;
    list.push_back(unescape(line.substr(9)));
  } else {
    test.expectations.push_back(parse_expectation(line));
  }
}

std::vector<Case> read_cases(const std::string& path) {
  std::istringstream in(*read_file(path));
  std::vector<Case> cases;

  enum { before, table, answers } state = before;

  bool escaped = false;
  std::string line;
  while (std::getline(in, line)) {
    if (state == before) {
      if (line.empty() || line[0] == '#') continue;
      Case test;
      test.name = path + " #" + std::to_string(cases.size() + 1);
      test.dialect = line.starts_with("pcre:") ? rules::Dialect::pcre : rules::Dialect::regexp;
      const std::string rest = line.substr(line.find(':') + 1);
      escaped = rest == " escaped";
      if (!escaped) test.inline_name = rest;
      cases.push_back(test);
      state = table;
    } else if (line.starts_with("----------")) {
      state = answers;
    } else if (line.starts_with("==========")) {
      state = before;
    } else if (state == table) {
      cases.back().text += (escaped ? unescape(line) : line) + "\n";
    } else {
      parse_answer_line(line, cases.back());
    }
  }
  return cases;
}

using Texts = std::vector<std::string>;

void check_answer(const Expectation& expected, const Result<std::optional<Found>>& found) {
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->has_value() ? std::optional((*found)->value) : std::nullopt, expected.value);
  if (expected.line != 0 && *found) {
    EXPECT_EQ((*found)->line, expected.line);
  }
}

void check_answers(const Case& test, const rules::CompiledTable& table, rules::Path path) {
  Texts warned;
  const WarningSink sink = [&warned](const Diagnostic& diagnostic) {
    warned.push_back(diagnostic.text);
  };
  rules::ProgramLookup full(table.full, "t", sink, path);
  std::optional<rules::ProgramLookup> emergency;
  if (table.emergency) emergency.emplace(table.emergency, "t", sink, path);
  for (const Expectation& expected : test.expectations) {
    SCOPED_TRACE("key: " + expected.key);
    ASSERT_TRUE(!expected.emergency || emergency) << "the table has no emergency program";
    auto& lookup = expected.emergency ? *emergency : full;
    for (const bool in_block : {false, true}) {
      SCOPED_TRACE(in_block ? "as a line of a block" : "as a text");
      warned.clear();
      check_answer(expected,
                   in_block ? find_in_block(lookup, expected.key) : lookup.find(expected.key));
      EXPECT_EQ(warned, expected.warnings);
    }
  }
}

void check_table(const Case& test, const rules::CompiledTable& table, rules::Path path) {
  Texts warnings;
  for (const Diagnostic& diagnostic : table.diagnostics) warnings.push_back(diagnostic.text);
  EXPECT_EQ(warnings, test.warnings);
  check_answers(test, table, path);
}

void run_in_process(const Case& test) {
  compiler::CompilingSource source;
  for (const auto path : {rules::Path::scan, rules::Path::confirm_only}) {
    SCOPED_TRACE(path == rules::Path::scan ? "scan and confirm" : "confirm-only");
    rules::CompiledTable table;
    if (test.inline_name.empty()) {
      table = compiler::compile_text(test.dialect, "t", test.text, {path == rules::Path::scan});
    } else {
      auto loaded = source.load(test.dialect, test.inline_name);
      ASSERT_EQ(loaded ? "" : loaded.error().what, test.error);
      if (!loaded) continue;
      table = std::move(*loaded);
    }
    check_table(test, table, path);
  }
}

constexpr std::array kSwitches = {&back::Switches::literals, &back::Switches::gates,
                                  &back::Switches::names,    &back::Switches::also,
                                  &back::Switches::spelled,  &back::Switches::guards,
                                  &back::Switches::regexes,  &back::Switches::blocks,
                                  &back::Switches::rows,     &back::Switches::finders};

void run_with_each_switched_off(const Case& test) {
  for (std::size_t off = 0; off < kSwitches.size(); ++off) {
    SCOPED_TRACE("without optimisation " + std::to_string(off));
    compiler::CompileOptions options;
    options.switches.*kSwitches[off] = false;
    rules::CompiledTable table;
    if (test.inline_name.empty()) {
      table = compiler::compile_text(test.dialect, "t", test.text, options);
    } else {
      compiler::CompilingSource source(options);
      auto loaded = source.load(test.dialect, test.inline_name);
      if (!loaded) return;  // run_in_process() has told
      table = std::move(*loaded);
    }
    check_table(test, table, rules::Path::scan);
  }
}

// The cases call their table "t", so it must be a file of that name in the working directory.
void run_images(const Case& test, store::ImageSource& source) {
  const std::string name = test.inline_name.empty() ? "t" : test.inline_name;
  if (test.inline_name.empty()) {
    ASSERT_TRUE(write_file_atomically(name, test.text));
  }
  const auto cold = source.load(test.dialect, name);
  ASSERT_EQ(cold ? "" : cold.error().what, test.error);
  if (!cold) return;
  {
    SCOPED_TRACE("before there is an image");
    check_table(test, *cold, rules::Path::scan);
  }
  SCOPED_TRACE("from the image");
  if (cold->wants_build) {
    const auto built = source.build(test.dialect, name, false);
    ASSERT_TRUE(built) << built.error().text();
  }
  const auto warm = source.load(test.dialect, name);
  ASSERT_TRUE(warm);
  EXPECT_FALSE(warm->wants_build);
  check_table(test, *warm, rules::Path::scan);
  check_table(test, *warm, rules::Path::confirm_only);
}

class ScratchDirectory {
 public:
  ScratchDirectory() : path_(testing::TempDir() + "rule_cases_XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no scratch directory");
    std::filesystem::current_path(path_);
  }

  ~ScratchDirectory() {
    std::filesystem::current_path("/");
    std::filesystem::remove_all(path_);
  }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(RuleCases, EveryCaseOnEveryPath) {
  const std::filesystem::path cases = std::filesystem::absolute(CASES_DIR);
  const ScratchDirectory scratch;
  SystemEnv env;
  rules::ImageSettings settings;
  settings.directory = scratch.path() + "/images";
  store::ImageSource images(settings, std::make_unique<store::InProcessBuilder>(env), env);
  std::size_t answers = 0;
  for (const auto& entry : std::filesystem::directory_iterator(cases)) {
    if (entry.path().extension() != ".case") continue;
    for (const Case& test : read_cases(entry.path())) {
      SCOPED_TRACE(test.name);
      run_in_process(test);
      run_with_each_switched_off(test);
      run_images(test, images);
      answers += test.expectations.size() + (test.error.empty() ? 0 : 1);
    }
  }
  EXPECT_GT(answers, 100U) << "the cases were not found";
}

}  // namespace
}  // namespace headgate
