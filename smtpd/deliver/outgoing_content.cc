// The queue file does not keep where a long line was cut on its way in, so it is cut again from its beginning.
// Tested by tests/smtpd/deliver/outgoing_content_test.cc and, beside Postfix, checks_beside_postfix.py.
#include "smtpd/deliver/outgoing_content.h"

#include <algorithm>

#include <fmt/format.h>

namespace headgate::deliver {

namespace {

std::size_t limit(std::int64_t value) {
  return static_cast<std::size_t>(std::max<std::int64_t>(value, 0));
}

void say(EventSink& log, Level level, std::string text) {
  Event event;
  event.program = Program::smtp;
  event.level = level;
  event.text = std::move(text);
  log.write(event);
}

}  // namespace

class OutgoingContent::Checked final : public checks::Sink, public checks::ActionObserver {
 public:
  Checked(checks::CheckSet& set, const checks::Limits& limits, OutgoingContent& out)
      : out_(out), inspector_(set, limits, *this, *this) {}

  void feed(std::string_view chunk) {
    inspector_.look_ahead(chunk);
    out_.splitter_.feed(chunk, inspector_);
    inspector_.look_ahead({});
  }

  void end() {
    out_.splitter_.end(inspector_);
    inspector_.end();
  }

  [[nodiscard]] bool failed() const {
    return inspector_.verdict().disposition != checks::Disposition::accept;
  }

  void record(std::string_view bytes, bool continued) override {
    if (failed()) return;
    out_.write(bytes);
    if (!continued) out_.write("\n");
  }

  void lines(std::string_view lines) override {
    if (!failed()) out_.write(lines);
  }

  void on_action(const checks::ActionTaken& action) override {
    say(out_.log_, Level::info,
        fmt::format("{}: {}", out_.delivery_.id, checks::delivery_log_text(action)));
  }

  void on_warning(std::string_view text) override {
    say(out_.log_, Level::warning, std::string(text));
  }

  void on_message_warning(std::string_view text) override {
    say(out_.log_, Level::warning, fmt::format("{}: {}", out_.delivery_.id, text));
  }

 private:
  OutgoingContent& out_;
  checks::Inspector inspector_;
};

OutgoingContent::OutgoingContent(const queue::Delivery& delivery, const config::Settings& settings,
                                 DeliveryChecks* checks, bool downgrade, EventSink& log)
    : delivery_(delivery),
      log_(log),
      content_(delivery.file->content()),
      encoder_(limit(settings.smtp_line_length_limit)),
      splitter_(limit(settings.line_length_limit)) {
  if (checks == nullptr && !downgrade) return;
  checks::Limits limits = checks != nullptr ? checks->limits : content_limits(settings);
  limits.downgrade = downgrade;
  checked_ = std::make_unique<Checked>(checks != nullptr ? checks->set : no_checks_, limits, *this);
}

OutgoingContent::~OutgoingContent() = default;

void OutgoingContent::write(std::string_view bytes) {
  encoder_.encode(bytes, encoded_);
  if (!encoder_.broke_a_line() || broke_said_) return;
  broke_said_ = true;
  say(log_, Level::info,
      fmt::format("{}: breaking line > {} bytes with <CR><LF>SPACE", delivery_.id,
                  encoder_.line_limit_bytes()));
}

Result<std::string_view> OutgoingContent::next() {
  encoded_.clear();
  while (!ended_ && encoded_.empty()) {  // checks may leave nothing of a chunk
    TRY(chunk, content_.next());
    ended_ = chunk.empty();
    if (checked_ != nullptr && ended_) checked_->end();
    if (checked_ != nullptr && !ended_) checked_->feed(chunk);
    if (checks_failed()) return fail(Code::unavailable, "local data error");
    if (checked_ == nullptr) write(chunk);
    if (ended_) encoder_.finish(encoded_);
  }
  return std::string_view(encoded_);
}

bool OutgoingContent::checks_failed() const { return checked_ != nullptr && checked_->failed(); }

}  // namespace headgate::deliver
