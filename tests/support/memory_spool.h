// MemorySpool: a queue that keeps committed messages in memory, and can be told to fail.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "smtpd/queue/writer.h"

namespace headgate::testing_support {

struct StoredMessage {
  std::string id, content;  // lines end in LF
  queue::Envelope envelope;
  queue::State state = queue::State::incoming;
};

class MemorySpool final : public queue::Spool {
 public:
  Result<std::unique_ptr<queue::Writer>> create() override {
    if (create_error) return tl::unexpected(*create_error);
    ++open_writers;
    std::unique_ptr<queue::Writer> writer =
        std::make_unique<MemoryWriter>(*this, fmt::format("{:05X}", ++created));
    return writer;
  }

  [[nodiscard]] Result<std::uint64_t> free_bytes() const override { return free; }

  std::vector<StoredMessage> messages;
  std::optional<Error> create_error, write_error, commit_error;
  std::uint64_t free = 1'000'000'000'000;
  int created = 0, open_writers = 0;

 private:
  class MemoryWriter final : public queue::Writer {
   public:
    MemoryWriter(MemorySpool& spool, std::string id) : spool_(spool) {
      message_.id = std::move(id);
    }

    ~MemoryWriter() override { --spool_.open_writers; }

    [[nodiscard]] const std::string& id() const override { return message_.id; }

    void record(std::string_view bytes, bool continued) override {
      message_.content += bytes;
      if (!continued) message_.content += '\n';
    }

    [[nodiscard]] std::uint64_t content_bytes() const override { return message_.content.size(); }

    [[nodiscard]] Result<void> status() const override {
      if (spool_.write_error) return tl::unexpected(*spool_.write_error);
      return {};
    }

    Result<void> commit(const queue::Envelope& envelope, queue::State state) override {
      if (spool_.commit_error) return tl::unexpected(*spool_.commit_error);
      message_.envelope = envelope;
      message_.state = state;
      spool_.messages.push_back(message_);
      return {};
    }

   private:
    MemorySpool& spool_;
    StoredMessage message_;
  };
};

}  // namespace headgate::testing_support
