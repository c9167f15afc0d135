// mime_fuzz: bytes -> splitter -> MIME parser, without checks: what must be true of every record, header and offset.
// (message_fuzz runs the same machinery under the inspector; what it asserts is about actions and about what is kept.)
// The first byte picks the limits, the second how the stream is cut.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/mail/header.h"
#include "engine/mail/mime.h"
#include "engine/mail/mime_tokens.h"
#include "engine/mail/splitter.h"
#include "tests/fuzz/require.h"

namespace {

using namespace headgate;
using fuzz::require;

struct Record {
  std::string bytes;
  bool continued = false;

  bool operator==(const Record&) const = default;
};

struct Collector {
  std::vector<Record> records;

  void record(std::string_view bytes, bool continued) {
    records.push_back({std::string(bytes), continued});
  }
};

std::vector<Record> split(std::string_view stream, std::size_t limit, mail::LineEnd line_end,
                          std::size_t piece) {
  Collector collector;
  mail::Splitter splitter(limit, line_end);
  for (; !stream.empty(); stream.remove_prefix(std::min(piece, stream.size())))
    splitter.feed(stream.substr(0, piece), collector);
  splitter.end(collector);
  return collector.records;
}

// However the stream arrives, the records are the same; together they are the stream.
std::vector<Record> check_splitter(std::string_view stream, std::size_t limit,
                                   mail::LineEnd line_end, std::size_t piece) {
  const std::vector<Record> records = split(stream, limit, line_end, stream.size() + 1);
  require(records == split(stream, limit, line_end, piece), "records do not depend on the cutting");
  std::string joined;
  for (const Record& record : records) {
    require(!record.continued || record.bytes.size() == limit, "a chunk is as long as the limit");
    require(record.bytes.find('\n') == std::string::npos, "no record holds a line end");
    joined += record.bytes;
    if (!record.continued) joined += '\n';
  }
  if (line_end == mail::LineEnd::lf) {
    const bool ended = stream.empty() || stream.back() == '\n';
    require(joined == std::string(stream) + (ended ? "" : "\n"), "records together are the stream");
    for (const Record& record : records)
      require(limit == 0 || record.bytes.size() <= limit, "no record is longer than the limit");
  } else {
    require(joined.size() <= stream.size() + 1, "records hold no more than the stream");
  }
  return records;
}

// The sink: each call is held against the record that caused it.
class Watcher final : public mail::MimeSink {
 public:
  Watcher(const mail::MimeOptions& options, std::size_t longest)
      : options_(options), longest_(longest) {}

  void header(mail::HeaderClass header_class, std::string_view text,
              std::string_view name) override {
    require(text.starts_with(name) && !name.empty() && text.substr(name.size()).starts_with(":"),
            "a header is its name and a colon", text);
    require(mail::header_name_length(text) == name.size(), "the name is the header's", text);
    require(text.find('\0') == std::string_view::npos, "a header is free of NUL");
    require(text.size() <= options_.header_size_limit + longest_ + 1, "a header is bounded");
    require((header_class == mail::HeaderClass::primary) == (ends_ == 0),
            "primary headers are those before their end");
    require(options_.mime || header_class == mail::HeaderClass::primary,
            "without MIME there is one header block");
    for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
      require(at + 1 < text.size() && (text[at + 1] == ' ' || text[at + 1] == '\t'),
              "a fold begins with a blank", text);
    header_bytes_ += text.size();
  }

  void end_of_primary_headers() override {
    require(++ends_ == 1, "the primary headers end once");
    require(bodies_.empty(), "and before the body");
  }

  void body(std::string_view bytes, bool continued, std::uint64_t offset) override {
    require(ends_ == 1, "a body follows the headers");
    require(offset == 0 || offset == next_offset_, "offsets count on, or begin again");
    next_offset_ = offset + bytes.size() + 1;
    bodies_.push_back({std::string(bytes), continued});
  }

  // Every body record is one that went in, in their order; an empty one may stand before all of them.
  void check_end(const std::vector<Record>& records) const {
    require(ends_ == 1, "the primary headers have ended");
    const bool announced = !bodies_.empty() && bodies_.front() == Record{};
    require(are_among(records, 0) || (announced && are_among(records, 1)), "nothing is made up");
  }

  [[nodiscard]] std::size_t header_bytes() const { return header_bytes_; }

 private:
  [[nodiscard]] bool are_among(const std::vector<Record>& records, std::size_t from) const {
    auto at = records.begin();
    for (std::size_t i = from; i < bodies_.size(); ++i) {
      at = std::find(at, records.end(), bodies_[i]);
      if (at == records.end()) return false;
      ++at;
    }
    return true;
  }

  const mail::MimeOptions& options_;
  std::size_t longest_;
  int ends_ = 0;
  std::size_t header_bytes_ = 0;
  std::uint64_t next_offset_ = 0;
  std::vector<Record> bodies_;
};

void check_parser(const std::vector<Record>& records, const mail::MimeOptions& options) {
  std::size_t longest = 0, total = 0;
  for (const Record& record : records) {
    longest = std::max(longest, record.bytes.size());
    total += record.bytes.size() + 1;
  }
  Watcher watcher(options, longest);
  mail::MimeParser parser(options, watcher);
  for (const Record& record : records) parser.record(record.bytes, record.continued);
  parser.end();
  watcher.check_end(records);
  require(watcher.header_bytes() <= total, "headers are no longer than what came in");
}

void check_tokens(std::string_view field_body) {
  mail::MimeItems items(field_body);
  std::size_t bytes = 0, count = 0;
  while (const auto item = items.next()) {
    require(item->size() <= 3, "an item keeps three tokens");
    require(++count <= field_body.size() + 1, "items end");
    for (const mail::MimeToken& token : *item) {
      bytes += token.text.size();
      if (token.kind == mail::MimeToken::Kind::special)
        require(token.text.size() == 1, "a special is one byte");
      if (token.kind == mail::MimeToken::Kind::word)
        require(!token.text.empty() &&
                    token.text.find_first_of(" \t\r\n()<>@,;:\\\"/[]?=") == std::string::npos,
                "a word holds no special", token.text);
    }
  }
  require(bytes <= field_body.size(), "tokens are no longer than the text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned choice = data[0];
  const std::size_t piece = 1 + data[1] % 16U;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);
  mail::MimeOptions options;
  if (choice & 1U) options.header_size_limit = 1 + (choice >> 3U);
  if (choice & 2U) options.nesting_limit = choice >> 6U;
  if (choice & 4U) options.boundary_length_limit = 1 + (choice >> 6U);
  options.mime = (choice & 8U) == 0;
  const std::size_t limit = (choice & 16U) ? 1 + (choice >> 5U) : (choice & 32U) ? 0 : 2048;
  for (const auto line_end : {mail::LineEnd::lf, mail::LineEnd::crlf_or_lf})
    check_parser(check_splitter(stream, limit, line_end, piece), options);
  check_tokens(stream);
  return 0;
}
