#include "smtpd/queue/spool.h"

#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "smtpd/queue/queue_id.h"
#include "tests/support/fake_env.h"
#include "tests/support/log_collector.h"
#include "tests/support/scratch_directory.h"

namespace headgate::queue {
namespace {

using testing_support::contents_of;
using testing_support::FakeEnv;
using testing_support::LogCollector;
using testing_support::ScratchDirectory;
using testing_support::write_contents;

class SpoolTest : public ::testing::Test {
 protected:
  std::unique_ptr<DiskSpool> open() {
    auto spool = open_spool(scratch_.path("deep/queue"), env_, log_);
    EXPECT_TRUE(spool) << spool.error().text();
    return spool ? std::move(*spool) : nullptr;
  }

  std::string put(DiskSpool& spool, State state = State::incoming) {
    auto writer = spool.create();
    EXPECT_TRUE(writer) << writer.error().text();
    (*writer)->record("Subject: x", false);
    Envelope envelope;
    envelope.arrival = env_.wall();
    envelope.recipients.resize(1);
    envelope.recipients[0].address = "a@example.org";
    const auto committed = (*writer)->commit(envelope, state);
    EXPECT_TRUE(committed) << committed.error().text();
    return (*writer)->id();
  }

  ScratchDirectory scratch_;
  FakeEnv env_;
  LogCollector log_;
};

TEST_F(SpoolTest, MakesItsDirectoriesForItselfAlone) {
  const auto spool = open();
  for (const char* name : {"incoming", "active", "deferred", "hold", "corrupt"}) {
    struct stat status {};

    ASSERT_EQ(0, ::stat(scratch_.path(std::string("deep/queue/") + name).c_str(), &status)) << name;
    EXPECT_EQ(0700u, status.st_mode & 07777u) << name;
  }
}

TEST_F(SpoolTest, FilesThatAreAskedForQuicklyAreReady) {
  const auto spool = open();
  EXPECT_EQ(nullptr, spool->take_ready());
  std::vector<std::unique_ptr<Writer>> writers;
  std::set<std::string> ids;
  int ready = 0;
  for (int i = 0; i < 100; ++i) {
    std::unique_ptr<Writer> writer = spool->take_ready();
    if (writer) {
      ++ready;
    } else {
      auto created = spool->create();
      ASSERT_TRUE(created) << created.error().text();
      writer = std::move(*created);
    }
    ids.insert(writer->id());
    writers.push_back(std::move(writer));
  }
  EXPECT_GT(ready, 80);
  EXPECT_EQ(100u, ids.size());
}

TEST_F(SpoolTest, AQuietServerKeepsNoReadyFiles) {
  const auto spool = open();
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(nullptr, spool->take_ready());
    ASSERT_TRUE(spool->create());
    env_.advance(std::chrono::seconds(2));
  }
  EXPECT_TRUE(scratch_.files("deep/queue/incoming").empty());
}

TEST_F(SpoolTest, ReadyFilesGoWithTheSpool) {
  auto spool = open();
  for (int i = 0; i < 5; ++i) put(*spool);
  EXPECT_GT(scratch_.files("deep/queue/incoming").size(), 5u);
  spool.reset();
  EXPECT_EQ(5u, scratch_.files("deep/queue/incoming").size());
}

// Makes the spool expect more messages.
void hurry(DiskSpool& spool) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(spool.create());
  ASSERT_NE(nullptr, spool.take_ready());
}

TEST_F(SpoolTest, TheFileOfAMessageThatIsGoneIsWrittenOver) {
  const auto spool = open();
  auto writer = spool->create();
  ASSERT_TRUE(writer);
  for (int i = 0; i < 500; ++i)
    (*writer)->record("a long message, line " + std::to_string(i), false);
  Envelope envelope;
  envelope.arrival = env_.wall();
  envelope.recipients.resize(3);
  ASSERT_TRUE((*writer)->commit(envelope, State::active));
  const std::string old = (*writer)->id();
  auto file = spool->open(old, State::active);
  ASSERT_TRUE(file);

  struct stat before {};

  ASSERT_EQ(0, ::fstat(file->descriptor(), &before));
  hurry(*spool);
  ASSERT_TRUE(spool->recycle(old, State::active, *file));
  EXPECT_TRUE(spool->list(State::active)->empty());
  env_.advance(std::chrono::milliseconds(1));

  std::string id;
  for (int i = 0; i < 20 && id.empty(); ++i) {  // others may be ready before it
    auto next = spool->take_ready();
    ASSERT_NE(nullptr, next);
    next->record("short", false);
    envelope.recipients.resize(1);
    ASSERT_TRUE(next->commit(envelope, State::incoming));

    struct stat after {};

    ASSERT_EQ(0, ::stat(spool->path(next->id(), State::incoming).c_str(), &after));
    if (after.st_ino == before.st_ino) id = next->id();
  }
  ASSERT_FALSE(id.empty());
  EXPECT_NE(old, id);
  const auto found = spool->open(id, State::incoming);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(1u, found->envelope().recipients.size());
  ContentReader content = found->content();
  EXPECT_EQ("short\n", *content.next());
  EXPECT_EQ("", *content.next());
}

TEST_F(SpoolTest, AFileWithAnotherLinkOrOfManyRecordsIsNotWrittenOver) {
  const auto spool = open();
  hurry(*spool);
  const std::string linked = put(*spool, State::active);
  ASSERT_EQ(0, ::link(spool->path(linked, State::active).c_str(), scratch_.path("kept").c_str()));
  auto file = spool->open(linked, State::active);
  EXPECT_FALSE(spool->recycle(linked, State::active, *file));
  auto writer = spool->create();
  (*writer)->record(std::string(70000, 'x'), false);
  Envelope envelope;
  ASSERT_TRUE((*writer)->commit(envelope, State::active));
  auto large = spool->open((*writer)->id(), State::active);
  ASSERT_TRUE(large);
  EXPECT_FALSE(spool->recycle((*writer)->id(), State::active, *large));
}

TEST_F(SpoolTest, AfterAQuietTimeNothingIsKept) {
  const auto spool = open();
  hurry(*spool);
  const std::string id = put(*spool, State::active);
  auto file = spool->open(id, State::active);
  ASSERT_TRUE(spool->recycle(id, State::active, *file));
  EXPECT_FALSE(spool->trim());
  env_.advance(std::chrono::seconds(2));
  const std::string late = put(*spool, State::active);
  auto other = spool->open(late, State::active);
  env_.advance(std::chrono::seconds(12));
  EXPECT_FALSE(spool->recycle(late, State::active, *other)) << "nobody has asked for a while";
  EXPECT_TRUE(spool->trim());
  EXPECT_TRUE(scratch_.files("deep/queue/incoming").empty());
}

TEST_F(SpoolTest, KnowsWhetherAFileIsStillWhereItWas) {
  const auto spool = open();
  const std::string id = put(*spool, State::active);
  const auto file = spool->open(id, State::active);
  ASSERT_TRUE(file);
  EXPECT_TRUE(spool->is_at(id, State::active, *file));
  EXPECT_FALSE(spool->is_at(id, State::incoming, *file));
  const std::string other = put(*spool, State::active);
  EXPECT_FALSE(spool->is_at(other, State::active, *file));
  ASSERT_TRUE(spool->move(id, State::active, State::incoming));
  EXPECT_FALSE(spool->is_at(id, State::active, *file));
}

// FRONT and QUEUE as two spools over one directory, with the memory that both map.
class SharedSpoolTest : public SpoolTest {
 protected:
  SharedSpoolTest() {
    EXPECT_TRUE(make_spool(scratch_.path("deep/queue")));
    SpoolOptions options;
    options.spares = &spares_;
    front_ = open_spool_to_fill(scratch_.path("deep/queue"), env_, options);
    auto queue = open_locked_spool(scratch_.path("deep/queue"), env_, log_, options, true);
    EXPECT_TRUE(queue) << queue.error().text();
    queue_ = std::move(*queue);
  }

  // A message that was delivered; whether its file is kept.
  bool deliver(const std::string& id) {
    auto file = queue_->open(id, State::active);
    EXPECT_TRUE(file) << file.error().text();
    return queue_->recycle(id, State::active, *file);
  }

  std::set<ino_t> inodes() {
    std::set<ino_t> all;
    for (const std::string& path : scratch_.files("deep/queue/incoming")) {
      struct stat status {};

      EXPECT_EQ(0, ::stat(path.c_str(), &status));
      all.insert(status.st_ino);
    }
    return all;
  }

  SpareFiles spares_{};
  std::unique_ptr<DiskSpool> front_, queue_;
};

TEST_F(SharedSpoolTest, WhatQueueLeavesIsWrittenOverByFront) {
  const std::string early = put(*front_, State::active);
  EXPECT_FALSE(deliver(early)) << "nobody has asked for files";
  const std::string old = put(*front_, State::active);

  struct stat before {};

  ASSERT_EQ(0, ::stat(queue_->path(old, State::active).c_str(), &before));
  hurry(*front_);
  ASSERT_TRUE(deliver(old));
  EXPECT_EQ(queue_->list(State::active)->size(), 1U) << "the early one";
  EXPECT_EQ(inodes().count(before.st_ino), 1U);

  while (front_->take_ready() != nullptr) continue;
  env_.advance(std::chrono::milliseconds(1));
  const std::string id = put(*front_, State::active);

  struct stat after {};

  ASSERT_EQ(0, ::stat(queue_->path(id, State::active).c_str(), &after));
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_NE(old, id);
  EXPECT_TRUE(queue_->open(id, State::active));
}

TEST_F(SharedSpoolTest, NoMoreAreKeptThanThereIsRoomFor) {
  hurry(*front_);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < SpareFiles::kMost + 3; ++i) {
    hurry(*front_);
    while (spares_.take()) continue;  // put() of the next message takes none
    const std::string id = put(*front_, State::active);
    for (std::size_t j = 0; j < i; ++j) spares_.put({7, static_cast<std::uint32_t>(j)});
    if (deliver(id)) ++kept;
  }
  EXPECT_EQ(kept, SpareFiles::kMost);
}

// A FRONT that was replaced may have been named, and one that died leaves names without files.
TEST_F(SharedSpoolTest, AnothersFileGetsOnesOwnNameAndOneThatIsNotThereIsNoLoss) {
  const std::string incoming = scratch_.path("deep/queue/incoming/");
  write_contents(incoming + "new.1-0000002a", "something");
  ASSERT_TRUE(spares_.put({1, 41}));
  ASSERT_TRUE(spares_.put({1, 42}));
  auto writer = front_->create();
  ASSERT_TRUE(writer) << writer.error().text();
  const std::vector<std::string> files = scratch_.files("deep/queue/incoming");
  ASSERT_EQ(files.size(), 1U);
  EXPECT_TRUE(files[0].starts_with(incoming + "new." + std::to_string(::getpid()) + "-"))
      << files[0];
  EXPECT_FALSE(spares_.take());
}

TEST_F(SharedSpoolTest, SparesGoWithQueueAndAfterAQuietTime) {
  for (const bool quiet : {true, false}) {
    const std::string id = put(*front_, State::active);
    hurry(*front_);
    ASSERT_TRUE(deliver(id));
    EXPECT_FALSE(scratch_.files("deep/queue/incoming").empty());
    front_->trim();
    EXPECT_TRUE(spares_.wanted_by(env_.steady()));
    env_.advance(std::chrono::seconds(quiet ? 11 : 1));
    EXPECT_FALSE(spares_.wanted_by(env_.steady()));
    if (quiet) front_->trim();
    queue_->remove_spares();
    if (!quiet) front_.reset();
    EXPECT_TRUE(scratch_.files("deep/queue/incoming").empty());
  }
}

// What a power cut may leave where the rename is forgotten and the file was partly written over: equal lengths, equal ends.
TEST_F(SpoolTest, AnEnvelopeIsNotTakenForAnotherContents) {
  const auto spool = open();
  const std::string one = put(*spool), path = spool->path(one, State::incoming);
  std::string bytes = contents_of(path);
  auto writer = spool->create();
  (*writer)->record("Subject: y", false);
  Envelope envelope;
  envelope.arrival = env_.wall();
  envelope.recipients.resize(1);
  envelope.recipients[0].address = "b@example.org";
  ASSERT_TRUE((*writer)->commit(envelope, State::incoming));
  const std::string other = contents_of(spool->path((*writer)->id(), State::incoming));
  ASSERT_EQ(other.size(), bytes.size());
  const std::size_t content = 16 + 9 + 11;  // magic, record header, "Subject: x\n"
  write_contents(path, other.substr(0, content) + bytes.substr(content));
  const auto mixed = spool->open(one, State::incoming);
  ASSERT_FALSE(mixed);
  EXPECT_EQ(Code::corrupt, mixed.error().code);
}

TEST_F(SpoolTest, CommitGivesTheMessageItsName) {
  const auto spool = open();
  const std::string id = put(*spool);
  EXPECT_TRUE(is_queue_id(id));
  EXPECT_EQ(std::vector<std::string>{id}, *spool->list(State::incoming));

  struct stat status {};

  ASSERT_EQ(0, ::stat(spool->path(id, State::incoming).c_str(), &status));
  EXPECT_EQ(0700u, status.st_mode & 07777u);
  auto file = spool->open(id, State::incoming);
  ASSERT_TRUE(file);
  EXPECT_EQ(11u, file->envelope().size_bytes);
}

TEST_F(SpoolTest, HoldIsCommittedIntoHold) {
  const auto spool = open();
  const std::string id = put(*spool, State::hold);
  EXPECT_TRUE(spool->list(State::incoming)->empty());
  EXPECT_EQ(std::vector<std::string>{id}, *spool->list(State::hold));
}

TEST_F(SpoolTest, WithoutCommitNothingRemains) {
  const auto spool = open();
  {
    auto writer = spool->create();
    ASSERT_TRUE(writer);
    (*writer)->record(std::string(200000, 'x'), false);
    EXPECT_EQ(1u, scratch_.files("deep/queue/incoming").size());
    EXPECT_TRUE(spool->list(State::incoming)->empty());
  }
  EXPECT_TRUE(scratch_.files("deep/queue/incoming").empty());
}

// A restored spool has old names over new inodes, so an id can come again.
TEST_F(SpoolTest, AMessageNeverReplacesAnother) {
  const auto spool = open();
  auto writer = spool->create();
  ASSERT_TRUE(writer);
  const std::string id = (*writer)->id();
  const std::string taken = spool->path(id, State::incoming);
  ASSERT_TRUE(write_file_atomically(taken, "an older message"));
  EXPECT_FALSE((*writer)->commit(Envelope(), State::incoming));
  writer->reset();
  EXPECT_EQ("an older message", *read_file(taken));
  ASSERT_TRUE(write_file_atomically(spool->path(id, State::active), "another"));
  EXPECT_FALSE(spool->move(id, State::incoming, State::active));
  EXPECT_EQ("another", *read_file(spool->path(id, State::active)));
}

TEST_F(SpoolTest, AFailedCommitSaysSoAndLeavesNothing) {
  const auto spool = open();
  {
    auto writer = spool->create();
    ASSERT_TRUE(writer);
    (*writer)->record("x", false);
    std::filesystem::remove_all(scratch_.path("deep/queue/hold"));
    EXPECT_FALSE((*writer)->commit(Envelope(), State::hold));
  }
  EXPECT_TRUE(scratch_.files("deep/queue/incoming").empty());
}

// As if it had been opened from the disk.
TEST_F(SpoolTest, CommittedIntoActiveItComesBackOpen) {
  const auto spool = open();
  auto writer = spool->create();
  ASSERT_TRUE(writer);
  (*writer)->record(std::string(100000, 'x'), false);
  Envelope envelope;
  envelope.arrival = env_.wall();
  envelope.sender = "s@example.org";
  envelope.recipients.resize(2);
  envelope.recipients[0].address = "a@example.org";
  envelope.recipients[1].address = "b@example.org";
  Commit commit(**writer, envelope, State::active);
  Commit* const all[] = {&commit};
  spool->commit(all);
  ASSERT_TRUE(commit.result);
  ASSERT_TRUE(commit.file);
  const std::string id = (*writer)->id();
  writer->reset();
  const auto read = spool->open(id, State::active);
  ASSERT_TRUE(read);
  ASSERT_EQ(2u, commit.file->envelope().recipients.size());
  EXPECT_EQ("s@example.org", commit.file->envelope().sender);
  EXPECT_EQ(100001u, commit.file->envelope().size_bytes);
  for (std::size_t i = 0; i < 2; ++i)
    EXPECT_EQ(read->envelope().recipients[i].strike_offset,
              commit.file->envelope().recipients[i].strike_offset);
  ContentReader content = commit.file->content();
  std::size_t bytes = 0;
  for (auto chunk = content.next(); chunk && !chunk->empty(); chunk = content.next())
    bytes += chunk->size();
  EXPECT_EQ(100001u, bytes);
  ASSERT_TRUE(commit.file->mark(1, RecipientState::done));
  EXPECT_TRUE(spool->open(id, State::active)->envelope().recipients[1].done);
}

// One that fails takes nobody with it.
TEST_F(SpoolTest, MessagesAreCommittedTogether) {
  const auto spool = open();
  std::vector<std::unique_ptr<Writer>> writers;
  std::vector<Commit> commits;
  Envelope envelope;
  envelope.arrival = env_.wall();
  for (int i = 0; i < 4; ++i) {
    env_.advance(std::chrono::seconds(2));  // too slow for files to be made ready
    writers.push_back(*spool->create());
    writers.back()->record(std::string(100000, 'x'), false);
    commits.emplace_back(*writers.back(), envelope, i == 3 ? State::hold : State::incoming);
  }
  const std::string taken = spool->path(writers[1]->id(), State::incoming);
  ASSERT_TRUE(write_file_atomically(taken, "an older message"));
  std::vector<Commit*> all;
  for (Commit& commit : commits) all.push_back(&commit);
  spool->commit(all);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(i != 1, commits[i].result.has_value()) << i;
  std::vector<std::string> incoming{writers[0]->id(), writers[1]->id(), writers[2]->id()};
  std::sort(incoming.begin(), incoming.end());
  const std::string held = writers[3]->id();
  writers.clear();
  EXPECT_EQ(incoming, *spool->list(State::incoming));
  EXPECT_EQ(std::vector<std::string>{held}, *spool->list(State::hold));
  EXPECT_EQ("an older message", *read_file(taken));
  EXPECT_EQ(3u, scratch_.files("deep/queue/incoming").size()) << "no temporary file";
}

TEST_F(SpoolTest, ASecondServerIsRefused) {
  const auto spool = open();
  const auto second = open_spool(scratch_.path("deep/queue"), env_, log_);
  ASSERT_FALSE(second);
  EXPECT_EQ(Code::unavailable, second.error().code);
}

TEST_F(SpoolTest, AnUnwritableDirectoryIsAnError) {
  write_contents(scratch_.path("file"), "x");
  EXPECT_FALSE(open_spool(scratch_.path("file/queue"), env_, log_));
}

TEST_F(SpoolTest, MovesAndRemoves) {
  const auto spool = open();
  const std::string id = put(*spool);
  ASSERT_TRUE(spool->move(id, State::incoming, State::active));
  EXPECT_EQ(Code::not_found, spool->move(id, State::incoming, State::active).error().code);
  ASSERT_TRUE(spool->set_next_attempt(id, State::active, env_.wall() + std::chrono::seconds(77)));
  ASSERT_TRUE(spool->move(id, State::active, State::deferred));
  EXPECT_EQ(env_.wall() + std::chrono::seconds(77), *spool->next_attempt(id, State::deferred));
  ASSERT_TRUE(spool->remove(id, State::deferred));
  EXPECT_EQ(Code::not_found, spool->remove(id, State::deferred).error().code);
}

TEST_F(SpoolTest, RecoveryPutsACrashInOrder) {
  std::string active, good, bad;
  {
    const auto spool = open();
    active = put(*spool);
    good = put(*spool);
    bad = put(*spool);
    ASSERT_TRUE(spool->move(active, State::incoming, State::active));
    const std::string path = spool->path(bad, State::incoming);
    const std::string whole = contents_of(path);
    write_contents(path, whole.substr(0, whole.size() - 1));
    write_contents(scratch_.path("deep/queue/incoming/new.0123"), "half a message");
  }
  const auto spool = open();
  auto waiting = *spool->list(State::incoming);
  EXPECT_EQ(2u, waiting.size());
  EXPECT_TRUE(std::count(waiting.begin(), waiting.end(), active));
  EXPECT_TRUE(std::count(waiting.begin(), waiting.end(), good));
  EXPECT_TRUE(spool->list(State::active)->empty());
  EXPECT_EQ(1u, scratch_.files("deep/queue/corrupt").size());
  EXPECT_EQ(2u, scratch_.files("deep/queue/incoming").size()) << "the uncommitted file is gone";
  EXPECT_EQ(1, log_.count("warning: " + bad));
  EXPECT_EQ(
      1,
      log_.count("recovery: 1 uncommitted file(s) removed, 1 interrupted message(s) queued again"));
}

TEST_F(SpoolTest, FreeBytesIsNotNothing) { EXPECT_GT(*open()->free_bytes(), 0u); }

}  // namespace
}  // namespace headgate::queue
