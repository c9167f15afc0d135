// Tested by tests/smtpd/bench/bench_command_test.cc and tests/e2e/tune_test.py.
#include "smtpd/cli/corpus_mail.h"

#include <algorithm>

#include <fmt/format.h>

#include "smtpd/corpus/message_files.h"

namespace headgate::cli {

namespace {

constexpr std::size_t kLineLengthLimit = 2048;
constexpr std::size_t kMostCorpusBytes = 1'000'000'000;  // it is kept in memory, three times

class Collector final : public corpus::MessageReader {
 public:
  explicit Collector(peers::MailKeys& keys) : keys_(keys) {}

  void begin(const std::string& name) override {
    left_out_ += is_full() ? 1 : 0;
    taking_ = !is_full();
    if (taking_) keys_.begin(name);
  }

  void record(std::string_view bytes, bool continued) override {
    if (!taking_) return;
    bytes_ += bytes.size() + 1;
    keys_.record(bytes, continued);
  }

  void end() override {
    if (taking_) keys_.end();
  }

  [[nodiscard]] std::size_t left_out() const { return left_out_; }

 private:
  [[nodiscard]] bool is_full() const { return bytes_ > kMostCorpusBytes; }

  peers::MailKeys& keys_;
  std::size_t bytes_ = 0, left_out_ = 0;
  bool taking_ = true;
};

}  // namespace

int read_corpus(Invocation& invocation, const std::vector<std::string>& paths,
                peers::MailKeys& mail) {
  Collector collector(mail);
  for (const std::string& path : paths) {
    const auto done = corpus::read_messages(path, kLineLengthLimit, invocation.in, collector);
    if (!done) return fatal(invocation, kExitNoInput, done.error().text());
  }
  const bool anything = std::ranges::any_of(
      mail.messages(), [](const auto& message) { return !message.raw.empty(); });
  if (collector.left_out() > 0)
    warning(invocation,
            fmt::format("the corpus is large: {} messages are left out", collector.left_out()));
  std::size_t bytes = 0;
  for (const peers::MailMessage& message : mail.messages()) bytes += message.raw.size();
  if (mail.left_out_bytes() > bytes / 10) {
    warning(
        invocation,
        fmt::format("{:.0f} % of the mail is not looked at: it lies behind the first {} "
                    "bytes of a body, where body checks end (a text file is one body)",
                    100.0 * static_cast<double>(mail.left_out_bytes()) / static_cast<double>(bytes),
                    peers::KeyLimits{}.body_checks_size));
  }
  if (anything) return kExitOk;
  return fatal(invocation, kExitNoInput, fmt::format("{}: there are no messages", paths.front()));
}

}  // namespace headgate::cli
