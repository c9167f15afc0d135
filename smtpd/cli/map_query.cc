// What is printed, the exit status and every warning are postmap's of Postfix 3.7, oddities included, so that scripts and
// tests can change over: tables are opened at the first key that reaches them; keys and values must be UTF-8 unless -h or
// -b make the input a message.
// Two differences: what was found before a fatal error is still printed; postmap loses what it had buffered. And what was
// found is printed before more input is waited for, so that a program can ask, read the answer, and ask again.
// Tested by tests/cases/postmap and tests/collide, both against postmap itself.
#include "smtpd/cli/map_query.h"

#include <algorithm>
#include <array>
#include <memory>
#include <ostream>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "engine/base/base64.h"
#include "engine/mail/mime.h"
#include "smtpd/cli/line_input.h"
#include "smtpd/cli/map_voice.h"
#include "tables/open.h"
#include "tables/utf8_table.h"

namespace headgate::cli {

namespace {

constexpr int kFound = 0, kNotFound = 1;
constexpr std::size_t kBufferBytes = 16384;

// One run: the tables, opened when first needed, and what postmap would print.
class MapQuery {
 public:
  MapQuery(Invocation& invocation, const MapOptions& options, const config::Settings& settings)
      : invocation_(invocation),
        options_(options),
        settings_(settings),
        voice_(invocation, settings.smtputf8_enable),
        tables_(options.tables.size()),
        ahead_(options.tables.size()) {
    const bool utf8 = settings.smtputf8_enable && !options.disable_utf8;
    open_options_.fold = options.fold;
    open_options_.scan = options.scan;
    open_options_.duplicates = true;
    open_options_.nul = nul_form_of(options.terminator);
    open_options_.utf8 = utf8 && (!options.is_message() || options.force_utf8);
  }

  int run() {
    if (options_.mime && !options_.is_message()) voice_.warn("ignoring -m option without -b or -h");
    if (options_.key != "-") {
      answer(options_.key, false);
    } else if (options_.is_message()) {
      ask_message();
    } else {
      ask_lines();
    }
    show();
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

  std::optional<std::string_view> next_line(LineInput& input) const {
    if (failed_) return std::nullopt;
    return input.next();
  }

  void ask_lines() {
    LineInput input(invocation_.in, [this] { show(); });
    for (std::size_t count = 0;; ++count) {
      if (count % tables::KeysAhead::kKeys == 0) look_ahead(input);
      const auto line = next_line(input);
      if (!line) break;
      answer(*line, true);
    }
  }

  // A big table's lookup is mostly waiting for memory: sixteen keys wait together.
  void look_ahead(const LineInput& input) {
    std::array<std::string_view, tables::KeysAhead::kKeys> keys;
    const std::size_t count = input.ahead(keys);
    for (tables::KeysAhead* table : ahead_) {
      if (table != nullptr) table->expect(std::span(keys).first(count));
    }
  }

  void ask_message() {
    mail::MimeOptions limits;
    limits.header_size_limit = static_cast<std::size_t>(settings_.header_size_limit);
    limits.nesting_limit = static_cast<std::size_t>(settings_.mime_nesting_limit);
    limits.boundary_length_limit = static_cast<std::size_t>(settings_.mime_boundary_length_limit);
    limits.mime = options_.mime;
    MessageKeys keys(*this);
    mail::MimeParser parser(limits, keys);
    LineInput input(invocation_.in);
    while (!keys.done()) {
      const auto line = next_line(input);
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
      auto found = tables_[i]->find(key);
      if (!found) return fail_lookup(i, found.error());
      if (!*found) continue;
      std::string& value = (*found)->value;
      if (options_.files && !decode(options_.tables[i], key, value)) return;
      if (value.empty()) complain_of_empty(name_of(i), key);
      if (with_key) out_.append(key) += '\t';
      out_.append(value) += '\n';
      if (out_.size() >= kBufferBytes) show();
      found_ = true;
      return;
    }
  }

  // Postfix names a cdb: by its file.
  [[nodiscard]] std::string name_of(std::size_t index) const {
    return tables::shown_name(tables_[index]->name());
  }

  // Of a file that cannot be read, the reason; what a table says of its own was a warning before.
  void fail_lookup(std::size_t index, const Error& error) {
    const bool is_damage = error.code == Code::corrupt && error.what.starts_with("database ");
    if (is_damage) return fail(error.text());
    fail(fmt::format("table {}: query error", name_of(index)));
  }

  bool decode(std::string_view table, std::string_view key, std::string& value) {
    auto bytes = text::decode_base64(value);
    if (bytes) {
      value = std::move(*bytes);
      value.resize(std::min(value.find('\0'), value.size()));  // as postmap prints it
      return true;
    }
    voice_.warn(fmt::format("table {}: key {}: malformed BASE64 value: {}", table, key, value));
    fail(fmt::format("table {}: query error", table));
    return false;
  }

  bool open(std::size_t index) {
    auto table = tables::open_table(options_.tables[index], invocation_.programs, voice_.sink(),
                                    open_options_);
    if (!table) {
      fail(table.error().text());
      return false;
    }
    tables_[index] = std::move(table->full);
    ahead_[index] = table->ahead;
    return true;
  }

  void complain_of_empty(std::string_view table, std::string_view key) {
    voice_.warn(fmt::format("table {}: key {}: empty string result is not allowed", table, key));
    voice_.warn(fmt::format("table {} should return NO RESULT in case of NOT FOUND", table));
  }

  void fail(std::string_view text) {
    failed_ = true;
    voice_.fatal(text);
  }

  void show() {
    if (out_.empty()) return;
    invocation_.out.write(out_.data(), static_cast<std::streamsize>(out_.size())).flush();
    out_.clear();
  }

  Invocation& invocation_;
  const MapOptions& options_;
  const config::Settings& settings_;
  MapVoice voice_;
  std::vector<std::unique_ptr<Lookup>> tables_;
  std::vector<tables::KeysAhead*> ahead_;  // of tables_
  tables::OpenOptions open_options_;
  bool found_ = false;
  bool failed_ = false;
  std::string out_;
};

}  // namespace

int query_map(Invocation& invocation, const MapOptions& options, const config::Settings& settings) {
  return MapQuery(invocation, options, settings).run();
}

}  // namespace headgate::cli
