// Tested by tests/smtpd/config/master_cf_test.cc and, against the installed postconf, by postconf_test.py.
#include "smtpd/config/master_cf.h"

#include <charconv>

#include <fmt/format.h>

#include "engine/base/lines.h"
#include "engine/base/text.h"

namespace headgate::config {

namespace {

constexpr std::string_view kTypes[] = {"inet", "unix", "pass", "fifo", "unix-dgram"};

// What follows each daemon's option letter is its value; -o alone matters to us.
constexpr std::string_view kOverride = "-o";

bool valid_flag(std::string_view s) { return s == "-" || s == "y" || s == "n"; }

bool valid_number(std::string_view s) { return s == "-" || (text::all_digits(s) && s.size() <= 9); }

// Blank-separated; a balanced {…} protects blanks.
std::vector<std::string_view> split_words(std::string_view s) {
  std::vector<std::string_view> words;
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= s.size(); ++i) {
    const bool end = i == s.size() || (depth == 0 && text::is_space(s[i]));
    if (end) {
      if (i > start) words.push_back(s.substr(start, i - start));
      start = i + 1;
    } else if (s[i] == '{') {
      ++depth;
    } else if (s[i] == '}' && depth > 0) {
      --depth;
    }
  }
  return words;
}

// The text inside a word that is one {…}; other words as they are.
Result<std::string> unprotect(std::string_view word) {
  if (!word.starts_with('{')) return std::string(word);
  int depth = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] == '{') ++depth;
    if (word[i] == '}' && --depth == 0) {
      if (i + 1 != word.size())
        return fail(Code::invalid, fmt::format("syntax error after '}}' in \"{}\"", word));
      return std::string(text::trim(word.substr(1, i - 1)));
    }
  }
  return fail(Code::invalid, fmt::format("missing '}}' in \"{}\"", word));
}

class EntryParser {
 public:
  explicit EntryParser(std::string_view line) : words_(split_words(line)) {}

  Result<MasterEntry> parse() {
    for (std::size_t i = 0; i < kMasterFields.size(); ++i) {
      if (i >= words_.size()) return missing(kMasterFields[i]);
      entry_.fields[i] = words_[i];
    }
    TRY_OK(check_fields());
    if (words_.size() <= kMasterFields.size()) return missing("command");
    TRY(command, unprotect(words_[kMasterFields.size()]));
    entry_.command = command;
    next_ = kMasterFields.size() + 1;
    TRY_OK(take_arguments());
    return std::move(entry_);
  }

 private:
  static tl::unexpected<Error> missing(std::string_view field) {
    return fail(Code::invalid, fmt::format("missing \"{}\" field", field));
  }

  [[nodiscard]] Result<void> bad(std::size_t field) const {
    return fail(Code::invalid, fmt::format("field \"{}\": bad value: \"{}\"", kMasterFields[field],
                                           entry_.fields[field]));
  }

  [[nodiscard]] Result<void> check_fields() const {
    if (std::find(std::begin(kTypes), std::end(kTypes), entry_.type()) == std::end(kTypes)) {
      return fail(Code::invalid, fmt::format("bad transport type: {}", entry_.type()));
    }
    for (std::size_t flag = 2; flag <= 4; ++flag) {
      if (!valid_flag(entry_.fields[flag])) return bad(flag);
    }
    if (entry_.type() == "inet" && entry_.fields[2] != "n") {
      return fail(Code::invalid, "inet service cannot be private");
    }
    std::string_view wakeup = entry_.fields[5];
    if (wakeup.size() > 1 && wakeup.ends_with('?')) wakeup.remove_suffix(1);
    if (!valid_number(wakeup)) return bad(5);
    if (!valid_number(entry_.fields[6])) return bad(6);
    return {};
  }

  Result<void> take_arguments() {
    while (next_ < words_.size()) {
      const std::string_view word = words_[next_++];
      if (!word.starts_with(kOverride)) {
        TRY(argument, unprotect(word));
        entry_.arguments.push_back(argument);
        continue;
      }
      std::string_view setting = word.substr(kOverride.size());  // -oname=value
      if (setting.empty()) {
        if (next_ == words_.size())
          return fail(Code::invalid, "-o requires an argument: name=value");
        setting = words_[next_++];
      }
      TRY(plain, unprotect(setting));
      TRY(pair, split_name_value(plain));
      entry_.arguments.emplace_back(kOverride);
      entry_.arguments.push_back(fmt::format("{}={}", pair.name, pair.value));
      entry_.overrides.push_back(std::move(pair));
    }
    return {};
  }

  std::vector<std::string_view> words_;
  std::size_t next_ = 0;
  MasterEntry entry_;
};

}  // namespace

std::optional<std::int64_t> MasterEntry::process_limit() const {
  const std::string& field = fields[6];
  if (field == "-") return std::nullopt;
  std::int64_t limit = 0;
  std::from_chars(field.data(), field.data() + field.size(),
                  limit);  // digits: the parser has seen to it
  return limit;
}

Layer MasterEntry::layer() const {
  Layer layer;
  for (const NameValue& pair : overrides) layer[pair.name] = Setting{pair.value, file, line};
  return layer;
}

Result<std::vector<MasterEntry>> parse_master_cf(std::string_view text, const std::string& file,
                                                 const WarningSink& warn) {
  std::vector<MasterEntry> entries;
  LogicalLines lines(text, file, warn);
  while (const auto line = lines.next()) {
    auto entry = EntryParser(line->text).parse();
    if (!entry) {
      return fail(Code::invalid, std::move(entry.error().what),
                  fmt::format("{}: line {}", file, line->first_line));
    }
    entry->file = file;
    entry->line = line->first_line;
    entries.push_back(std::move(*entry));
  }
  return entries;
}

}  // namespace headgate::config
