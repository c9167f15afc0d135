// Any bytes as a table: the first line chooses the dialect and gives the key, the rest is the table. The scan and the
// reference engines alone must give the same answer and the same run-time warnings, and nothing may crash.
// A match limit that PCRE2 reaches is the same on both paths, so hostile patterns are welcome; sizes are capped so that one
// input stays under a second.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "compiler/compile.h"
#include "engine/rules/program_lookup.h"

namespace {

using namespace headgate;  // NOLINT: a fuzz target

constexpr std::size_t kMostBytes = 600;

struct Answers {
  std::vector<std::string> values;
  std::vector<std::string> warnings;
};

Answers ask(const std::shared_ptr<const rules::Program>& program,
            const std::vector<std::string>& keys, rules::Path path) {
  Answers answers;
  rules::ProgramLookup lookup(
      program, "fuzz",
      [&](const Diagnostic& diagnostic) { answers.warnings.push_back(diagnostic.text); }, path);
  for (const std::string& key : keys) {
    const auto found = lookup.find(key);
    if (!found) std::abort();
    answers.values.push_back(*found ? std::to_string((*found)->line) + " " + (*found)->value
                                    : "none");
  }
  return answers;
}

// The key itself, and pieces of the table's own text: those are likely to match.
std::vector<std::string> keys_for(std::string key, const std::string& table) {
  std::vector<std::string> keys{"", key};
  for (std::size_t at = 0; at < table.size() && keys.size() < 24; at += 7) {
    keys.push_back(table.substr(at, 1 + at % 23));
    keys.push_back(key + table.substr(at, 1 + at % 5));
  }
  for (std::string& one : keys) one.resize(std::min(one.find('\0'), one.size()));
  return keys;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > kMostBytes) return 0;
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto newline = std::min(input.find('\n', 1), input.size() - 1);
  const auto dialect = input[0] == 'r' ? rules::Dialect::regexp : rules::Dialect::pcre;
  const std::string table_text = input.substr(newline + 1);
  const auto table = compiler::compile_text(dialect, "fuzz", table_text, {});
  const auto keys = keys_for(input.substr(1, newline - 1), table_text);
  for (const auto& program : {table.full, table.emergency}) {
    if (program == nullptr) continue;
    const Answers scanned = ask(program, keys, rules::Path::scan);
    const Answers confirmed = ask(program, keys, rules::Path::confirm_only);
    if (scanned.values != confirmed.values || scanned.warnings != confirmed.warnings) std::abort();
  }
  return 0;
}
