// mime_keys: what engine/mail makes of messages, for tests/collide/mime_keys.py to compare with libpostfix.
// Standard input holds cases, each "BYTES MIME HEAD_ONLY LINE HEADER NESTING BOUNDARY\n" (sizes and limits as numbers)
// and then that many bytes of message. Standard output holds per key "H CLASS LENGTH\n" or "B CONTINUED OFFSET LENGTH\n",
// the key and a newline; "E\n" ends a case. A body key is cut at its first NUL, as a table sees it.
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "engine/mail/mime.h"
#include "engine/mail/splitter.h"

namespace {

using headgate::mail::HeaderClass;
using headgate::mail::MimeOptions;
using headgate::mail::MimeParser;
using headgate::mail::MimeSink;
using headgate::mail::Splitter;

class Keys final : public MimeSink {
 public:
  void header(HeaderClass header_class, std::string_view text, std::string_view) override {
    out += fmt::format("H {} {}\n{}\n", static_cast<int>(header_class) + 1, text.size(), text);
  }

  void end_of_primary_headers() override { primary_ended = true; }

  void body(std::string_view record, bool continued, std::uint64_t offset) override {
    const std::string_view key = record.substr(0, record.find('\0'));
    out += fmt::format("B {} {} {}\n{}\n", continued ? 1 : 0, offset, key.size(), key);
  }

  std::string out;
  bool primary_ended = false;
};

struct Case {
  std::size_t bytes = 0, line_limit = 0;
  int mime = 0, head_only = 0;
  MimeOptions options;
};

// Feeds the parser until it has heard enough.
struct Feeder {
  MimeParser& parser;
  const Keys& keys;
  bool head_only;

  void record(std::string_view bytes, bool continued) {
    if (!head_only || !keys.primary_ended) parser.record(bytes, continued);
  }
};

std::string keys_of(const Case& c, std::string_view message) {
  Keys keys;
  MimeParser parser(c.options, keys);
  Feeder feeder{parser, keys, c.head_only != 0};
  Splitter splitter(c.line_limit);
  splitter.feed(message, feeder);
  splitter.end(feeder);
  parser.end();
  return keys.out + "E\n";
}

}  // namespace

int main() {
  Case c;
  while (std::scanf("%zu %d %d %zu %zu %zu %zu", &c.bytes, &c.mime, &c.head_only, &c.line_limit,
                    &c.options.header_size_limit, &c.options.nesting_limit,
                    &c.options.boundary_length_limit) == 7) {
    if (std::getchar() != '\n') return 65;
    std::string message(c.bytes, '\0');
    if (std::fread(message.data(), 1, message.size(), stdin) != message.size()) return 65;
    c.options.mime = c.mime != 0;
    const std::string out = keys_of(c, message);
    if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) return 74;
  }
  return 0;
}
