// How it works: the raw message is kept, and at its end given to the engine's MIME parser. A NUL ends a body key, as for
// the server. Tested by tests/bench/mail_keys_test.cc.
#include "bench/peers/mail_keys.h"

#include <utility>

#include "engine/mail/mime.h"
#include "engine/mail/splitter.h"

namespace headgate::peers {

namespace {

constexpr std::size_t kLineLengthLimit = 2048;  // line_length_limit

class Collector final : public mail::MimeSink {
 public:
  Collector(MailMessage& message, const KeyLimits& limits) : message_(message), limits_(limits) {}

  [[nodiscard]] std::size_t left_out_bytes() const { return left_out_bytes_; }

  void header(mail::HeaderClass, std::string_view text, std::string_view) override {
    message_.headers.add(text);
  }

  void body(std::string_view record, bool, std::uint64_t offset) override {
    if (limits_.body_checks_size != 0 && offset >= limits_.body_checks_size) {
      left_out_bytes_ += record.size() + 1;
      return;
    }
    message_.body.add(record.substr(0, record.find('\0')));
  }

 private:
  MailMessage& message_;
  const KeyLimits& limits_;
  std::size_t left_out_bytes_ = 0;
};

}  // namespace

void OwnedSection::finish() {
  texts_.clear();
  for (const auto& [begin, size] : places_)
    texts_.push_back(std::string_view(bytes_).substr(begin, size));
}

void MailKeys::begin(std::string name) {
  messages_.emplace_back();
  messages_.back().name = std::move(name);
}

void MailKeys::record(std::string_view bytes, bool continued) {
  messages_.back().raw += bytes;
  if (!continued) messages_.back().raw += '\n';
}

void MailKeys::end() {
  MailMessage& message = messages_.back();
  Collector collector(message, limits_);
  mail::MimeOptions options;
  options.header_size_limit = limits_.header_size;
  mail::MimeParser parser(options, collector);
  mail::Splitter splitter(kLineLengthLimit);
  splitter.feed(message.raw, parser);
  splitter.end(parser);
  parser.end();
  left_out_bytes_ += collector.left_out_bytes();
  message.headers.finish();
  message.body.finish();
}

}  // namespace headgate::peers
