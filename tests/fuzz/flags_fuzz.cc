// flags_fuzz: one pattern, its letters and its use, as a table -> the answer must be what the engine itself gives with
// options that this file works out from the letters alone, on the path with the scan and on the one without. So a letter
// that sets the wrong option, or that the scan's spelling of the pattern forgets, is found.
// The reference here is deliberately naive: PCRE2 and glibc called as Postfix calls them, with a C string.
#include <regex.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "compiler/back/trial.h"
#include "compiler/compile.h"
#include "engine/rules/program_lookup.h"
#include "tests/fuzz/pattern_input.h"
#include "tests/fuzz/require.h"

namespace {

using namespace headgate;
using fuzz::PatternInput;
using fuzz::require;

constexpr std::size_t kMostPatternBytes = 80;
constexpr std::size_t kMostKeyBytes =
    48;  // what an expensive pattern does with more takes a second

enum class Says { no, yes, failed };

struct Answer {
  Says says = Says::no;
  std::string group;  // the first capture
  std::string error;
};

// One engine, one pattern. `groups` < 0: it does not compile.
class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;
  virtual Answer ask(const std::string& key) = 0;
  int groups = -1;
};

class Pcre final : public Engine {
 public:
  explicit Pcre(const PatternInput& input) {
    std::uint32_t options = PCRE2_CASELESS | PCRE2_DOTALL;
    for (const char letter : input.letters) options ^= option_of(letter);
    int error = 0;
    PCRE2_SIZE offset = 0;
    code_ = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(input.pattern.c_str()),
                          PCRE2_ZERO_TERMINATED, options, &error, &offset, nullptr);
    if (code_ == nullptr) return;
    std::uint32_t count = 0;
    pcre2_pattern_info(code_, PCRE2_INFO_CAPTURECOUNT, &count);
    groups = static_cast<int>(count);
    data_ = pcre2_match_data_create_from_pattern(code_, nullptr);
  }

  ~Pcre() override {
    pcre2_match_data_free(data_);
    pcre2_code_free(code_);
  }

  Answer ask(const std::string& key) override {
    const int rc = pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(key.c_str()), key.size(), 0, 0,
                               data_, nullptr);
    Answer answer;
    if (rc == PCRE2_ERROR_NOMATCH) return answer;
    if (rc < 0) {
      std::array<PCRE2_UCHAR, 256> text{};
      pcre2_get_error_message(rc, text.data(), text.size());
      return {Says::failed, {}, reinterpret_cast<const char*>(text.data())};
    }
    answer.says = Says::yes;
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data_);
    if (rc > 1 && ends[2] != PCRE2_UNSET && ends[2] < ends[3])
      answer.group = key.substr(ends[2], ends[3] - ends[2]);
    return answer;
  }

 private:
  static std::uint32_t option_of(char letter) {
    switch (letter) {
      case 'i':
        return PCRE2_CASELESS;
      case 'm':
        return PCRE2_MULTILINE;
      case 's':
        return PCRE2_DOTALL;
      case 'x':
        return PCRE2_EXTENDED;
      case 'A':
        return PCRE2_ANCHORED;
      case 'E':
        return PCRE2_DOLLAR_ENDONLY;
      case 'U':
        return PCRE2_UNGREEDY;
      default:
        return 0;
    }
  }

  pcre2_code* code_ = nullptr;
  pcre2_match_data* data_ = nullptr;
};

class Posix final : public Engine {
 public:
  explicit Posix(const PatternInput& input) : slots_(input.use == '$' ? 2 : 0) {
    int flags = REG_EXTENDED | REG_ICASE;
    for (const char letter : input.letters) {
      if (letter == 'i') flags ^= REG_ICASE;
      if (letter == 'm') flags ^= REG_NEWLINE;
      if (letter == 'x') flags ^= REG_EXTENDED;
    }
    // A rule that needs no capture has REG_NOSUB, an if has not.
    if (input.use == '=' || input.use == '!') flags |= REG_NOSUB;
    if (regcomp(&pattern_, input.pattern.c_str(), flags) == 0)
      groups = static_cast<int>(pattern_.re_nsub);
  }

  ~Posix() override {
    if (groups >= 0) regfree(&pattern_);
  }

  Answer ask(const std::string& key) override {
    std::array<regmatch_t, 2> slots{};
    const int rc = regexec(&pattern_, key.c_str(), slots_, slots.data(), 0);
    if (rc == REG_NOMATCH) return {};
    if (rc != 0) {
      std::array<char, 256> text{};
      regerror(rc, &pattern_, text.data(), text.size());
      return {Says::failed, {}, text.data()};
    }
    Answer answer{Says::yes, {}, {}};
    if (slots_ > 1 && slots[1].rm_so >= 0)
      answer.group = key.substr(static_cast<std::size_t>(slots[1].rm_so),
                                static_cast<std::size_t>(slots[1].rm_eo - slots[1].rm_so));
    return answer;
  }

 private:
  regex_t pattern_{};
  std::size_t slots_;
};

// A delimiter that the pattern does not hold; NUL when there is none, or when the pattern would hide its own end.
char delimiter_for(const std::string& pattern) {
  bool hides_next = false;
  for (const char c : pattern) hides_next = c == '\\' && !hides_next;
  if (hides_next) return '\0';
  for (const char c : std::string_view("/|,~@%;")) {
    if (pattern.find(c) == std::string::npos) return c;
  }
  return '\0';
}

std::string table_for(const PatternInput& input, char delimiter) {
  const std::string cut = delimiter + input.pattern + delimiter + input.letters;
  switch (input.use) {
    case '!':
      return "!" + cut + " V\n";
    case '?':
      return "if " + cut + "\n/^/ V\nendif\n";
    case '~':
      return "if !" + cut + "\n/^/ V\nendif\n";
    case '$':
      return cut + " [$1]\n";
    default:
      return cut + " V\n";
  }
}

bool letters_known(const PatternInput& input) {
  const std::string_view known = input.pcre ? "imsxAEUX" : "imx";
  return input.letters.find_first_not_of(known) == std::string::npos;
}

std::string expected_value(const PatternInput& input, const Answer& answer) {
  const bool negated = input.use == '!' || input.use == '~';
  if (answer.says == Says::failed || (answer.says == Says::yes) == negated) return "none";
  return input.use == '$' ? "[" + answer.group + "]" : "V";
}

// False when the engine ran into a limit: the other keys would take as long.
bool check_key(const PatternInput& input, Engine& engine,
               const std::shared_ptr<const rules::Program>& program, const std::string& key) {
  const Answer answer = engine.ask(key);
  const std::string expected = expected_value(input, answer);
  for (const auto path : {rules::Path::scan, rules::Path::confirm_only}) {
    std::string warning;
    rules::ProgramLookup lookup(
        program, "fuzz", [&](const Diagnostic& diagnostic) { warning = diagnostic.text; }, path);
    const auto found = lookup.find(key);
    require(found.has_value(), "a lookup never fails");
    const std::string got = *found ? (*found)->value : "none";
    require(got == expected, path == rules::Path::scan ? "scan: answer" : "reference: answer",
            got + " instead of " + expected + " for " + key);
    require(warning.ends_with(answer.error) && warning.empty() == answer.error.empty(),
            "the engine's error is warned", warning + " instead of " + answer.error);
  }
  return answer.says != Says::failed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::read_pattern_input(data, size, kMostPatternBytes, kMostKeyBytes);
  if (!input || (!input->pcre && back::needs_trial(input->pattern))) return 0;
  // White space ends the letters, and for regexp: `!` does: that is table_text_fuzz's to find out.
  if (input->letters.find_first_of(" \t\v\f\r!") != std::string::npos) return 0;
  const char delimiter = delimiter_for(input->pattern);
  if (delimiter == '\0') return 0;

  const auto dialect = input->pcre ? rules::Dialect::pcre : rules::Dialect::regexp;
  const auto table = compiler::compile_text(dialect, "fuzz", table_for(*input, delimiter), {});
  std::unique_ptr<Engine> engine;
  if (input->pcre)
    engine = std::make_unique<Pcre>(*input);
  else
    engine = std::make_unique<Posix>(*input);
  const bool good = letters_known(*input) && engine->groups >= (input->use == '$' ? 1 : 0);
  std::size_t own_rules = table.full->rules().size();
  if (input->use == '?' || input->use == '~') own_rules = table.full->ops().size() > 2 ? 1 : 0;
  require((own_rules == 1) == good, "a rule is there when its letters and its pattern are good");
  require(good || !table.diagnostics.empty(), "a rule that is skipped is warned about");
  if (!good) return 0;

  std::vector<std::string> keys{input->key, input->pattern, ""};
  if (const auto newline = input->key.find('\n'); newline != std::string::npos) {
    keys.push_back(input->key.substr(newline + 1));
    keys.push_back(input->key.substr(0, newline));
  }
  for (const std::string& key : keys) {
    if (!check_key(*input, *engine, table.full, key)) break;
  }
  return 0;
}
