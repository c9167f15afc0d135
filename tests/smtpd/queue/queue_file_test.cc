#include "smtpd/queue/queue_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/scratch_directory.h"

namespace headgate::queue {
namespace {

using testing_support::contents_of;
using testing_support::ScratchDirectory;
using testing_support::write_contents;

Recipient recipient(std::string address) {
  Recipient r;
  r.address = std::move(address);
  return r;
}

Envelope sample_envelope() {
  Envelope envelope;
  envelope.sender = "sender@example.org";
  envelope.recipients = {recipient("one@example.com"), recipient("two@example.com")};
  envelope.recipients[0].original = "rfc822;One@example.com";
  envelope.recipients[1].notify = "NEVER";
  envelope.recipients[1].orig_to = "three@example.com";
  envelope.dsn_ret = "HDRS";
  envelope.dsn_envid = "id=1";
  envelope.body = proto::Body::eight_bit_mime;
  envelope.smtputf8 = envelope.smtputf8_header = true;
  envelope.content_filter = "smtp:[127.0.0.1]:10025";
  envelope.client_name = "client.example";
  envelope.client_address = "192.0.2.1";
  envelope.helo_name = "helo";
  envelope.protocol_name = "ESMTP";
  envelope.arrival = WallTime(std::chrono::microseconds(1'700'000'000'123456));
  return envelope;
}

void write_file(const std::string& path, const std::vector<std::string>& lines,
                const Envelope& envelope) {
  auto fd = open_file(path, O_RDWR | O_CREAT | O_TRUNC);
  ASSERT_TRUE(fd);
  QueueFileWriter writer(std::move(*fd), path);
  for (const std::string& line : lines) writer.append(line, false);
  ASSERT_TRUE(writer.finish(envelope));
}

Result<std::string> content_of(const QueueFile& file) {
  ContentReader reader = file.content();
  std::string all;
  for (;;) {
    TRY(chunk, reader.next());
    if (chunk.empty()) return all;
    all.append(chunk);
  }
}

TEST(QueueFile, RoundTrip) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path("m");
  write_file(path, {"Subject: x", "", std::string("nul\0cr\r", 7)}, sample_envelope());
  auto file = QueueFile::open(path);
  ASSERT_TRUE(file) << file.error().text();
  const Envelope& e = file->envelope();
  EXPECT_EQ("sender@example.org", e.sender);
  ASSERT_EQ(2u, e.recipients.size());
  EXPECT_EQ("one@example.com", e.recipients[0].address);
  EXPECT_EQ("rfc822;One@example.com", e.recipients[0].original);
  EXPECT_EQ("NEVER", e.recipients[1].notify);
  EXPECT_EQ("", e.recipients[0].orig_to);
  EXPECT_EQ("three@example.com", e.recipients[1].orig_to);
  EXPECT_FALSE(e.recipients[0].done);
  EXPECT_EQ("HDRS", e.dsn_ret);
  EXPECT_EQ("id=1", e.dsn_envid);
  EXPECT_EQ(e.body, proto::Body::eight_bit_mime);
  EXPECT_TRUE(e.smtputf8);
  EXPECT_TRUE(e.smtputf8_header);
  EXPECT_EQ("smtp:[127.0.0.1]:10025", e.content_filter);
  EXPECT_EQ("client.example", e.client_name);
  EXPECT_EQ("192.0.2.1", e.client_address);
  EXPECT_EQ("helo", e.helo_name);
  EXPECT_EQ("ESMTP", e.protocol_name);
  EXPECT_EQ(sample_envelope().arrival, e.arrival);
  EXPECT_EQ(20u, e.size_bytes);
  auto content = content_of(*file);
  ASSERT_TRUE(content);
  EXPECT_EQ(std::string("Subject: x\n\nnul\0cr\r\n", 20), *content);
}

TEST(QueueFile, ContinuedRecordsAreOneLine) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path("m");
  auto fd = open_file(path, O_RDWR | O_CREAT);
  ASSERT_TRUE(fd);
  QueueFileWriter writer(std::move(*fd), path);
  writer.append("ab", true);
  writer.append("cd", false);
  writer.append("open", true);
  EXPECT_EQ(9u, writer.content_bytes());
  ASSERT_TRUE(writer.finish(sample_envelope()));
  auto file = QueueFile::open(path);
  ASSERT_TRUE(file);
  EXPECT_EQ("abcd\nopen", *content_of(*file));
}

// Sizes around the chunk's: nothing is lost or doubled at the seams.
TEST(QueueFile, ChunkSeams) {
  const ScratchDirectory scratch;
  for (const std::size_t size : {std::size_t{0}, kChunkBytes - 2, kChunkBytes - 1, kChunkBytes,
                                 kChunkBytes + 1, 3 * kChunkBytes - 1}) {
    const std::string path = scratch.path("m" + std::to_string(size));
    std::string line(size, 'x');
    for (std::size_t i = 0; i < size; i += 7) line[i] = static_cast<char>('a' + i % 26);
    write_file(path, {line}, sample_envelope());
    auto file = QueueFile::open(path);
    ASSERT_TRUE(file) << file.error().text();
    EXPECT_EQ(size + 1, file->envelope().size_bytes);
    EXPECT_TRUE(*content_of(*file) == line + "\n") << size;
  }
}

TEST(QueueFile, NoContentAtAll) {
  const ScratchDirectory scratch;
  write_file(scratch.path("m"), {}, sample_envelope());
  auto file = QueueFile::open(scratch.path("m"));
  ASSERT_TRUE(file);
  EXPECT_EQ("", *content_of(*file));
}

TEST(QueueFile, StrikingIsSeenByTheNextReader) {
  const ScratchDirectory scratch;
  write_file(scratch.path("m"), {"x"}, sample_envelope());
  {
    auto file = QueueFile::open(scratch.path("m"));
    ASSERT_TRUE(file->mark(1, RecipientState::done));
    ASSERT_TRUE(file->mark(0, RecipientState::failed));
    ASSERT_TRUE(file->sync());
    EXPECT_FALSE(file->mark(2, RecipientState::done));
  }
  auto file = QueueFile::open(scratch.path("m"));
  ASSERT_TRUE(file) << file.error().text();
  EXPECT_TRUE(file->envelope().recipients[0].done);
  EXPECT_TRUE(file->envelope().recipients[0].failed);
  EXPECT_TRUE(file->envelope().recipients[1].done);
  EXPECT_FALSE(file->envelope().recipients[1].failed);
}

// Never a crash, never a wrong message: a damaged file is refused when opened or, at the latest, when read.
void expect_refused(const std::string& path, const std::string& what) {
  auto file = QueueFile::open(path);
  if (!file) {
    EXPECT_EQ(Code::corrupt, file.error().code) << what;
    return;
  }
  auto content = content_of(*file);
  ASSERT_FALSE(content) << what;
  EXPECT_EQ(Code::corrupt, content.error().code) << what;
}

// Who has opened a message that is gone since, and reads it late: not another's content, be it as long and complete.
TEST(QueueFile, WhatWasWrittenOverItIsNotItsContent) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path("m");
  write_file(path, {"Subject: first"}, sample_envelope());
  const auto file = QueueFile::open(path);
  ASSERT_TRUE(file);
  ASSERT_TRUE(content_of(*file));
  const std::string before = contents_of(path);
  write_file(path, {"Subject: other"}, sample_envelope());  // the same inode
  ASSERT_EQ(before.size(), contents_of(path).size());
  const auto other = content_of(*file);
  ASSERT_FALSE(other);
  EXPECT_EQ(Code::corrupt, other.error().code);
}

TEST(QueueFile, EveryTruncation) {
  const ScratchDirectory scratch;
  write_file(scratch.path("m"), {"Subject: x", "", "body"}, sample_envelope());
  const std::string whole = contents_of(scratch.path("m"));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write_contents(scratch.path("cut"), whole.substr(0, length));
    expect_refused(scratch.path("cut"), "cut to " + std::to_string(length));
  }
  write_contents(scratch.path("cut"), whole + "x");
  expect_refused(scratch.path("cut"), "one byte more");
}

TEST(QueueFile, EveryFlippedBit) {
  const ScratchDirectory scratch;
  write_file(scratch.path("m"), {"Subject: x", "", "body"}, sample_envelope());
  const std::string whole = contents_of(scratch.path("m"));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int mask : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ mask);
      write_contents(scratch.path("bad"), damaged);
      expect_refused(scratch.path("bad"),
                     "byte " + std::to_string(i) + " mask " + std::to_string(mask));
    }
  }
}

// A record taken out or standing twice: every checksum is right, the message would be another.
TEST(QueueFile, RecordsMissingOrTwice) {
  const ScratchDirectory scratch;
  std::vector<std::string> lines(3, std::string(kChunkBytes - 1, 'x'));
  write_file(scratch.path("m"), lines, sample_envelope());
  const std::string whole = contents_of(scratch.path("m"));
  const std::size_t record = kChunkBytes + 9;
  write_contents(scratch.path("less"), whole.substr(0, 16) + whole.substr(16 + record));
  expect_refused(scratch.path("less"), "content record missing");
  write_contents(scratch.path("more"), whole.substr(0, 16 + record) + whole.substr(16));
  expect_refused(scratch.path("more"), "content record twice");
}

TEST(QueueFile, NotAFileOfOurs) {
  const ScratchDirectory scratch;
  EXPECT_EQ(Code::not_found, QueueFile::open(scratch.path("none")).error().code);
  write_contents(scratch.path("target"), "x");
  ASSERT_EQ(0, ::symlink(scratch.path("target").c_str(), scratch.path("link").c_str()));
  EXPECT_FALSE(QueueFile::open(scratch.path("link")));
  EXPECT_FALSE(QueueFile::open(scratch.path()));
}

}  // namespace
}  // namespace headgate::queue
