// message_fuzz: bytes -> splitter -> inspector. The first byte picks the limits and how the stream is cut into reads.
// With a rule for every action (no crash, bounded records), lines together and record by record, which must do the same;
// with tables that never match, and the output of that once more: what the checks keep of a message must stay as it is the
// second time.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/checks/inspector.h"
#include "engine/mail/splitter.h"
#include "tests/support/fake_lookup.h"

namespace {

using namespace headgate;

void require(bool truth) {
  if (!truth) std::abort();
}

// Every action hides behind a byte that may occur in any key.
Result<std::optional<std::string>> answer(std::string_view key) {
  static constexpr std::pair<char, std::string_view> kRules[] = {
      {'\x01', "REJECT"},        {'\x02', "REJECT 2.1.1 x"},
      {'\x03', "DISCARD"},       {'\x04', "PASS"},
      {'\x05', "REDIRECT a@b"},  {'\x06', "IGNORE"},
      {'\x07', "STRIP s"},       {'\x08', "REPLACE X-A: b\nc\n d"},
      {'\x0b', "PREPEND X: y"},  {'\x0c', "BCC a@b"},
      {'\x0e', "FILTER smtp:b"}, {'\x0f', "HOLD"},
      {'\x10', "WARN"},          {'\x11', "INFO i"},
      {'\x12', "DUNNO"},         {'\x13', "OK"},
      {'\x14', "NONSENSE"},      {'\x15', ""},
      {'\x16', "REPLACE no"},    {'\x17', "FILTER x"}};
  require(key.find('\0') == std::string_view::npos && !key.empty());
  for (const auto& [mark, value] : kRules) {
    if (key.find(mark) != std::string_view::npos) return std::string(value);
  }
  if (key.find('\x18') != std::string_view::npos) return fail(Code::unavailable, "gone");
  return std::nullopt;
}

Result<std::optional<std::string>> nothing(std::string_view key) {
  require(key.find('\0') == std::string_view::npos && !key.empty());
  return std::nullopt;
}

// With a door for blocks: touches the lines that have an answer.
class DoorLookup final : public Lookup {
 public:
  explicit DoorLookup(support::FakeLookup::Answer answer) : answer_(std::move(answer)) {}

  Result<std::optional<Found>> find(std::string_view key) override {
    auto value = answer_(key);
    if (!value) return tl::unexpected(value.error());
    if (!*value) return std::nullopt;
    return Found{std::move(**value), name_, 1};
  }

  bool scan(std::string_view block, std::vector<std::uint32_t>& touched) override {
    std::size_t at = 0;
    mail::each_line(block, [&](std::string_view line) {
      const std::string_view key = line.substr(0, line.find('\0'));
      if (!key.empty() && has_answer(key)) touched.push_back(static_cast<std::uint32_t>(at));
      at += line.size() + 1;
    });
    return true;
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  [[nodiscard]] bool has_answer(std::string_view key) const {
    const auto value = answer_(key);
    return !value || *value;
  }

  std::string name_ = "fake:body";
  support::FakeLookup::Answer answer_;
};

enum class Way { together, one_by_one };

struct OneByOne {
  checks::Inspector& inspector;

  void record(std::string_view bytes, bool continued) { inspector.record(bytes, continued); }
};

struct Shape {
  checks::Limits limits;
  std::size_t line_length_limit = 2048, read_bytes = 4096;
};

Shape shape_of(std::uint8_t choice) {
  Shape shape;
  if (choice & 1) shape.line_length_limit = 1 + (choice >> 4);
  if (choice & 2) shape.limits.header_size_limit = 1 + (choice >> 3);
  if (choice & 4) shape.limits.body_checks_size_limit = choice >> 4;
  if (choice & 8) shape.limits.mime_nesting_limit = choice >> 6;
  if (choice & 16) shape.limits.mime_boundary_length_limit = 1 + (choice >> 6);
  if (choice & 32) shape.read_bytes = 1 + (choice >> 6);
  shape.limits.disable_mime_input_processing = choice & 64;
  shape.limits.replace_stray_cr_lf = !(choice & 128);
  shape.limits.strict_8bitmime_body = choice & 8;
  if (choice & 16) shape.limits.strip_characters = "\x19\n";
  return shape;
}

class Run final : public checks::Sink, public checks::ActionObserver {
 public:
  Run(std::string_view message, const Shape& shape, support::FakeLookup::Answer rules,
      Way way = Way::together) {
    checks::CheckSet set;
    set.header->tables.push_back(std::make_unique<support::FakeLookup>("fake:header", rules));
    set.body->tables.push_back(std::make_unique<DoorLookup>(rules));
    checks::Inspector inspector(set, shape.limits, *this, *this);
    mail::Splitter splitter(shape.line_length_limit);
    OneByOne one_by_one{inspector};
    for (; !message.empty(); message.remove_prefix(std::min(message.size(), shape.read_bytes))) {
      const std::string_view bytes = message.substr(0, shape.read_bytes);
      if (way == Way::one_by_one) {
        splitter.feed(bytes, one_by_one);
        continue;
      }
      inspector.look_ahead(bytes);
      splitter.feed(bytes, inspector);
      inspector.look_ahead({});
    }
    splitter.end(inspector);
    inspector.end();
    const bool accepted = inspector.verdict().disposition == checks::Disposition::accept;
    require(header_ends_ == 1 || (header_ends_ == 0 && !accepted));
  }

  void record(std::string_view bytes, bool continued) override {
    kept += bytes;
    if (!continued) kept += '\n';
  }

  void end_of_primary_headers() override { ++header_ends_; }

  void on_action(const checks::ActionTaken& taken) override {
    const std::string line = checks::action_log_text(taken, "local", " from=<>");
    for (const char c : line) require(static_cast<unsigned char>(c) >= 32 && c != 127);
    log += line + '\n';
  }

  void on_warning(std::string_view text) override { log.append(text) += '\n'; }

  void on_mime_error(mail::MimeError error, std::string_view) override {
    log.append(checks::mime_error_text(error)) += '\n';
  }

  std::string kept, log;

 private:
  int header_ends_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Shape shape = shape_of(data[0]);
  const std::string_view message(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Run with_rules(message, shape, answer);
  const Run one_by_one(message, shape, answer, Way::one_by_one);
  require(with_rules.kept == one_by_one.kept && with_rules.log == one_by_one.log);

  // Nothing hit: the structure decides alone, and the first pass has normalised all there is to normalise.
  Shape plain;
  const Run once(message, plain, nothing);
  const Run twice(once.kept, plain, nothing);
  require(once.kept == twice.kept);
  // Without CR, NUL, over-long headers, garbage or "Name :" the message comes out as it went in.
  const bool simple = message.starts_with("A: b\n\n") &&
                      message.find('\r') == std::string_view::npos &&
                      message.find('\0') == std::string_view::npos && message.ends_with('\n');
  require(!simple || once.kept == message);
  return 0;
}
