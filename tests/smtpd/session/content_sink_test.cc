// Lines that come together are measured, refused and kept as if they came one by one.
#include "smtpd/session/content_sink.h"

#include <gtest/gtest.h>

namespace headgate::session {
namespace {

// A Writer whose disk is full after so many bytes, as QueueFileWriter finds it: what it was given then does not matter.
class FillingWriter final : public queue::Writer {
 public:
  explicit FillingWriter(std::size_t room) : room_(room) {}

  [[nodiscard]] const std::string& id() const override { return id_; }

  void record(std::string_view bytes, bool continued) override {
    content.append(bytes);
    if (!continued) content += '\n';
    content.resize(std::min(content.size(), room_ + 1));
  }

  [[nodiscard]] std::uint64_t content_bytes() const override { return content.size(); }

  [[nodiscard]] Result<void> status() const override {
    if (content.size() > room_) return fail(Code::unavailable, "full");
    return {};
  }

  Result<void> commit(const queue::Envelope&, queue::State) override { return {}; }

  std::string content;

 private:
  const std::size_t room_;
  const std::string id_ = "1";
};

struct Outcome {
  std::string content, said;
  ContentSink::Complaint complaint;
  bool over_limit, writes;

  bool operator==(const Outcome&) const = default;
};

// Feeds as the intake does: nothing more once the message cannot be accepted.
Outcome outcome_of(const std::vector<std::string>& pieces, bool together, std::uint64_t limit,
                   std::size_t room) {
  FillingWriter writer(room);
  std::string said;
  ContentSink sink(writer, HeaderPolicy{}, QueueFileMeter(limit, 100),
                   [&](Level, const std::string& text) { said += text + '\n'; });
  const auto acceptable = [&] {
    return sink.complaint() == ContentSink::Complaint::none && writer.status().has_value();
  };
  for (const std::string& piece : pieces) {
    if (!acceptable()) break;
    if (together) {
      sink.lines(piece);
      continue;
    }
    mail::each_line(piece, [&](std::string_view line) {
      if (acceptable()) sink.record(line, false);
    });
  }
  return {writer.content, said, sink.complaint(), sink.over_limit(), writer.status().has_value()};
}

TEST(ContentSink, LinesTogetherAsOneByOne) {
  const std::string lines = "a line\n\n" + std::string(250, 'x') + "\nand one more\n";
  std::vector<std::string> pieces;
  for (int i = 0; i < 25; ++i) {
    pieces.push_back(lines + lines);
    pieces.push_back(lines + lines + lines + lines);
  }
  std::size_t too_big = 0, full = 0, kept = 0;
  for (const std::uint64_t limit : {0, 1, 4000, 4096, 9000, 16383, 16384, 30000, 100000}) {
    for (std::size_t room = 0; room < 50000; room += 777) {
      const Outcome expected = outcome_of(pieces, false, limit, room);
      const Outcome outcome = outcome_of(pieces, true, limit, room);
      ASSERT_EQ(outcome.writes, expected.writes) << limit << ", room for " << room;
      ASSERT_EQ(outcome.complaint, expected.complaint) << limit << ", room for " << room;
      ASSERT_EQ(outcome.said, expected.said);
      ASSERT_EQ(outcome.content, expected.content);
      if (expected.writes && expected.complaint == ContentSink::Complaint::none) {
        ASSERT_EQ(outcome.over_limit, expected.over_limit);
        ++kept;
      }
      too_big += expected.complaint == ContentSink::Complaint::too_big ? 1 : 0;
      full += expected.writes ? 0 : 1;
    }
  }
  EXPECT_GT(too_big, 100U);
  EXPECT_GT(full, 100U);
  EXPECT_GT(kept, 10U);
}

}  // namespace
}  // namespace headgate::session
