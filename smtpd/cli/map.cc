// headgate map -q: postmap(1)'s lookups, answer for answer. What is printed, the exit status (0 found, 1 not found or
// fatal) and every warning are postmap's of Postfix 3.7, oddities included, so that scripts and tests can change over:
// tables are opened at the first key that reaches them; a last line without newline that ends in byte 0xFF is taken for
// the end of the input; keys and values must be UTF-8 unless -h or -b make the input a message.
// One difference: what was found before a fatal error is still printed; postmap loses what it had buffered.
// Tested by tests/cases/postmap and tests/collide, both against postmap itself.
#include <unistd.h>

#include <istream>
#include <memory>
#include <ostream>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/mail/mime.h"
#include "smtpd/cli/command.h"
#include "smtpd/cli/images.h"
#include "smtpd/cli/map.h"
#include "smtpd/config/load.h"
#include "tables/open.h"
#include "tables/type_spec.h"

namespace headgate::cli {

namespace {

constexpr int kFound = 0, kNotFound = 1;
constexpr std::string_view kUsage =
    "usage: headgate map -q KEY|- [-bfhmuU] [--confirm-only] [-c DIR] TYPE:NAME...";

struct Options {
  std::optional<std::string> key;
  bool header = false, body = false, mime = false;  // -h -b -m
  bool fold = true;                                 // -f: do not
  bool force_utf8 = false, disable_utf8 = false;    // -U -u
  bool scan = true;                                 // --confirm-only: without Hyperscan
  std::vector<std::string> tables;
  std::string complaint;  // what is wrong with the command line

  [[nodiscard]] bool is_message() const { return header || body; }
};

// Flags as getopt(3) takes them: combined (-hbq -), stopping at the first word that is no flag.
class OptionParser {
 public:
  explicit OptionParser(const std::vector<std::string>& words) : words_(words) {}

  Options parse() {
    while (next_ < words_.size() && options_.complaint.empty()) {
      const std::string& word = words_[next_];
      if (word == "--confirm-only") {  // ours
        options_.scan = false;
        ++next_;
        continue;
      }
      if (word == "--") ++next_;
      if (word == "--" || word.size() < 2 || word[0] != '-') break;
      ++next_;
      take_flags(word);
    }
    options_.tables.assign(words_.begin() + static_cast<std::ptrdiff_t>(next_), words_.end());
    if (options_.complaint.empty()) options_.complaint = contradiction();
    return std::move(options_);
  }

 private:
  void take_flags(std::string_view word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      if (word[i] == 'q') return take_key(word.substr(i + 1));
      if (bool* flag = flag_of(word[i])) {
        *flag = word[i] != 'f';
      } else {
        options_.complaint = fmt::format("unknown option -{}\n{}", word[i], kUsage);
        return;
      }
    }
  }

  bool* flag_of(char letter) {
    switch (letter) {
      case 'b':
        return &options_.body;
      case 'h':
        return &options_.header;
      case 'm':
        return &options_.mime;
      case 'f':
        return &options_.fold;
      case 'U':
        return &options_.force_utf8;
      case 'u':
        return &options_.disable_utf8;
      default:
        return nullptr;
    }
  }

  void take_key(std::string_view attached) {
    if (options_.key) {
      options_.complaint = "specify only one of -s -q or -d";
    } else if (!attached.empty()) {
      options_.key = std::string(attached);
    } else if (next_ < words_.size()) {
      options_.key = words_[next_++];
    } else {
      options_.complaint = fmt::format("option requires an argument -q\n{}", kUsage);
    }
  }

  [[nodiscard]] std::string contradiction() const {
    const bool from_input = options_.key == "-";
    if ((options_.is_message() || options_.mime) && !from_input)
      return "specify -b -h or -m only with \"-q -\"";
    if (options_.tables.empty()) return std::string(kUsage);
    if (!options_.key) return "building tables is not supported yet: only lookups (-q) are";
    return {};
  }

  const std::vector<std::string>& words_;
  std::size_t next_ = 0;
  Options options_;
};

// One run of map -q: the tables, opened when first needed, and what postmap would print.
class MapQuery {
 public:
  MapQuery(Invocation& invocation, Options options, config::SettingsPtr settings)
      : invocation_(invocation),
        options_(std::move(options)),
        settings_(std::move(settings)),
        tables_(options_.tables.size()) {
    utf8_ = settings_->smtputf8_enable && !options_.disable_utf8;
    open_options_.fold = options_.fold;
    open_options_.scan = options_.scan;
    open_options_.duplicates = true;
    open_options_.utf8 = utf8_ && (!options_.is_message() || options_.force_utf8);
  }

  int run() {
    if (options_.mime && !options_.is_message()) warn("ignoring -m option without -b or -h");
    if (options_.key != "-") {
      answer(*options_.key, false);
    } else if (options_.is_message()) {
      ask_message();
    } else {
      ask_lines();
    }
    return found_ && !failed_ ? kFound : kNotFound;
  }

 private:
  // The logical headers and body records of a message are the keys.
  class MessageKeys final : public mail::MimeSink {
   public:
    explicit MessageKeys(MapQuery& query) : query_(query) {}

    void header(mail::HeaderClass, std::string_view text, std::string_view) override {
      if (query_.options_.header) query_.answer(text, true);
    }

    void end_of_primary_headers() override { at_body_ = true; }

    void body(std::string_view record, bool, std::uint64_t) override {
      if (query_.options_.body) query_.answer(record, true);
    }

    // Nothing more can be a key: -h alone wants the primary headers, even with -m the parts' too.
    [[nodiscard]] bool done() const {
      return at_body_ && !query_.options_.body && !query_.options_.mime;
    }

   private:
    MapQuery& query_;
    bool at_body_ = false;
  };

  std::optional<std::string_view> next_line() {
    if (failed_ || !std::getline(invocation_.in, line_)) return std::nullopt;
    // vstring_get_nonl() returns the last byte as a char, and 0xFF is then -1, the end of file.
    if (invocation_.in.eof() && line_.ends_with('\xff')) return std::nullopt;
    return line_;
  }

  void ask_lines() {
    while (const auto line = next_line()) answer(*line, true);
  }

  void ask_message() {
    mail::MimeOptions limits;
    limits.header_size_limit = static_cast<std::size_t>(settings_->header_size_limit);
    limits.nesting_limit = static_cast<std::size_t>(settings_->mime_nesting_limit);
    limits.boundary_length_limit = static_cast<std::size_t>(settings_->mime_boundary_length_limit);
    limits.mime = options_.mime;
    MessageKeys keys(*this);
    mail::MimeParser parser(limits, keys);
    while (!keys.done()) {
      const auto line = next_line();
      if (!line) break;
      parser.record(*line, false);
    }
    parser.end();
  }

  // Looks one key up in the tables, in order, and prints the first hit.
  void answer(std::string_view key, bool with_key) {
    key = key.substr(0, key.find('\0'));
    for (std::size_t i = 0; i < tables_.size() && !failed_; ++i) {
      if (!tables_[i] && !open(i)) return;
      const auto found = tables_[i]->find(key);
      if (!found) return fail(fmt::format("table {}: query error", tables_[i]->name()));
      if (!*found) continue;
      if ((*found)->value.empty()) complain_of_empty(tables_[i]->name(), key);
      if (with_key) invocation_.out << key << '\t';
      invocation_.out << (*found)->value << '\n';
      found_ = true;
      return;
    }
  }

  bool open(std::size_t index) {
    const std::string& spec = options_.tables[index];
    auto table = tables::open_table(
        spec, invocation_.programs, [this](const Diagnostic& d) { warn(d.text); }, open_options_);
    if (!table) {
      fail(table.error().text());
      return false;
    }
    tables_[index] = std::move(table->full);
    return true;
  }

  void complain_of_empty(std::string_view table, std::string_view key) {
    warn(fmt::format("table {}: key {}: empty string result is not allowed", table, key));
    warn(fmt::format("table {} should return NO RESULT in case of NOT FOUND", table));
  }

  void warn(std::string_view text) { say("warning: ", text); }

  void fail(std::string_view text) {
    failed_ = true;
    say("fatal: ", text);
  }

  // As Postfix's msg(3): what is not printable becomes '?'; UTF-8 is printable only where SMTPUTF8 is on.
  void say(std::string_view label, std::string_view text) {
    std::string shown = text::printable(text);
    if (!utf8_) {
      shown.assign(text);
      for (char& c : shown)
        if (c < ' ' || c > '~') c = '?';
    }
    invocation_.err << "headgate: " << label << shown << '\n';
  }

  Invocation& invocation_;
  Options options_;
  config::SettingsPtr settings_;
  std::vector<std::unique_ptr<Lookup>> tables_;
  tables::OpenOptions open_options_;
  bool utf8_ = false;
  bool found_ = false;
  bool failed_ = false;
  std::string line_;
};

}  // namespace

int query_map(Invocation& invocation, const config::SettingsPtr& settings) {
  Options options = OptionParser(invocation.arguments).parse();
  if (!options.complaint.empty())
    return fatal(invocation, options.key ? kNotFound : kExitUsage, options.complaint);
  return MapQuery(invocation, std::move(options), settings).run();
}

int run_map(Invocation& invocation) {
  const Options options = OptionParser(invocation.arguments).parse();
  // A wrong command line is complained about before the configuration is looked at.
  if (!options.complaint.empty()) return query_map(invocation, nullptr);

  const std::string main_cf = invocation.config_directory + "/main.cf";
  if (!invocation.config_directory.empty() && ::access(main_cf.c_str(), R_OK) != 0) {
    const Error error = fail_errno("open", main_cf, errno).value();
    return fatal(invocation, kNotFound, error.text());
  }
  config::LoadOptions load;
  load.directory = invocation.config_directory;
  load.overrides = invocation.overrides;
  auto configuration = config::load(load);
  if (!configuration) return fatal(invocation, kNotFound, configuration.error().what);
  use_images_of(*configuration, invocation);
  return query_map(invocation, configuration->main);
}

}  // namespace headgate::cli
