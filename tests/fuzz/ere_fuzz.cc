// ere_fuzz: one pattern of either dialect -> parser, effort, spelling -> a Hyperscan database of its own. What the plan
// promises must hold for many keys: no bit, no match; native: a bit is a match; and on a key that the plan trusts PCRE2
// does not run into its match limit.
// The keys are the input's, pieces of the pattern, and the input's key with each of the 255 bytes in one place: a byte set
// that is wrong by one byte is found at once, which mutation alone would take long for.
#include <algorithm>
#include <string>
#include <vector>

#include "compiler/analyse/strategy.h"
#include "compiler/back/database.h"
#include "compiler/back/patterns.h"
#include "compiler/back/trial.h"
#include "compiler/front/flags.h"
#include "engine/match/scratch.h"
#include "tests/fuzz/pattern_input.h"
#include "tests/fuzz/require.h"

namespace {

using namespace headgate;
using fuzz::PatternInput;
using fuzz::require;

constexpr std::size_t kMostPatternBytes = 80;
constexpr std::size_t kMostKeyBytes = 60;
constexpr std::size_t kLongKeyBytes = 2000;
// Hyperscan needs seconds for a spelling of many large repeats; what it may cost is the builder's business, not this one's.
constexpr std::size_t kMostScanText = 1000;
constexpr std::size_t kMostLargeRepeats = 2;

front::Flags flags_of(front::Dialect dialect, const std::string& letters) {
  front::Flags flags;
  for (const char letter : letters) (void)front::toggle_flag(dialect, letter, flags);
  return flags;
}

bool dear(const std::string& scan_text) {
  std::size_t large = 0;
  for (auto at = scan_text.find('{'); at != std::string::npos; at = scan_text.find('{', at + 1)) {
    const auto end = std::min(scan_text.find('}', at), scan_text.size());
    if (end - at > 3) ++large;
  }
  return scan_text.size() > kMostScanText || large > kMostLargeRepeats;
}

// Long keys are for the bound on PCRE2's effort.
std::vector<std::string> keys_for(const PatternInput& input, std::size_t trusted_bytes) {
  const std::string& key = input.key;
  std::vector<std::string> keys{key, input.pattern, key + key, key + "\n", "\n" + key};
  const std::size_t at = key.empty() ? 0 : static_cast<unsigned char>(key.back()) % key.size();
  for (int c = 1; c < 256; ++c) {
    const std::string byte(1, static_cast<char>(c));
    keys.push_back(key.substr(0, at) + byte + key.substr(at));
    if (at < key.size()) keys.push_back(key.substr(0, at) + byte + key.substr(at + 1));
  }
  // The pattern without what is not literal in it, whole and from each of its bytes on.
  std::string literal;
  for (const char c : input.pattern) {
    if (std::string_view("\\()[]{}*+?|^$.").find(c) == std::string_view::npos) literal += c;
  }
  for (std::size_t i = 0; i < literal.size(); i += 3) keys.push_back(literal.substr(i));
  if (input.pcre && !key.empty()) {
    std::string again;
    while (again.size() < std::min(trusted_bytes, kLongKeyBytes)) again += key;
    keys.push_back(again.substr(0, trusted_bytes - 1) + "!");
    keys.push_back(again.substr(0, trusted_bytes));
  }
  std::erase(keys, "");  // is not scanned: no pattern that matches it is in a database
  return keys;
}

class Promise {
 public:
  Promise(const back::CompiledPattern& pattern, const match::Scanner& scanner)
      : pattern_(pattern), scanner_(scanner) {}

  void check(const std::string& key) {
    if (key.size() > pattern_.plan.trusted_bytes) return;
    const auto found = scanner_.ids_in(key, scratch_);
    require(found.has_value(), "a scan works");
    const bool bit = found->contains(0);
    const match::Outcome outcome = pattern_.engine->test(key, scratch_, nullptr);
    require(outcome.answer != match::Answer::failed, "no engine fails on a trusted key",
            outcome.error);
    const bool matches = outcome.answer == match::Answer::yes;
    require(bit || !matches, "no bit, no match", pattern_.plan.scan_text);
    require(matches || !bit || pattern_.plan.how != analyse::How::native,
            "native: a bit is a match", pattern_.plan.scan_text);
  }

 private:
  const back::CompiledPattern& pattern_;
  const match::Scanner& scanner_;
  match::Scratch scratch_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::read_pattern_input(data, size, kMostPatternBytes, kMostKeyBytes);
  if (!input || (!input->pcre && back::needs_trial(input->pattern))) return 0;
  const auto dialect = input->pcre ? front::Dialect::pcre : front::Dialect::regexp;
  front::Pattern source;
  source.text = input->pattern;
  source.flags = flags_of(dialect, input->letters);
  back::PatternSet patterns(dialect, true, "");
  const auto use = input->use == '?' || input->use == '~' ? front::Use::guard : front::Use::rule;
  if (!patterns.compile(source, use, input->use == '$' ? 1 : 0, 1)) return 0;
  const back::CompiledPattern& pattern = patterns.patterns().front();
  if (pattern.plan.how == analyse::How::confirm_only || dear(pattern.plan.scan_text)) return 0;
  const back::Attempt attempt = back::compile_set(
      {back::ScanPattern{0, pattern.plan.scan_text, pattern.plan.caseless, false, true}});
  if (attempt.came != back::Came::ok) return 0;
  Promise promise(pattern, *attempt.scanner);
  for (const std::string& key : keys_for(*input, pattern.plan.trusted_bytes)) promise.check(key);
  return 0;
}
