// A file that is replaced again and again under four threads that ask it, each with a Lookup of its own that follows the
// replacements as a server's do: no lookup fails, none says "not found", no thread sees an older content after a newer one.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "smtpd/cli/table_store.h"
#include "tables/map_maker.h"
#include "tables/open.h"
#include "tests/smtpd/cli/fake_source.h"
#include "tests/support/fake_env.h"
#include "tests/support/scratch_directory.h"

namespace headgate::cli {

namespace {

constexpr int kReplacements = 1000, kKeys = 200;
constexpr std::size_t kReaders = 4;

std::string key(int number) { return fmt::format("key{}", number); }

std::string value(int generation) { return fmt::format("generation{:06}", generation); }

class ReplacedTablesTest : public testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] std::string type() const { return GetParam(); }

  [[nodiscard]] std::string base() const { return directory_.path("F"); }

  [[nodiscard]] std::string file() const {
    return type() == "texthash" ? base() : base() + '.' + type();
  }

  // The bytes of a file with the first generation.
  std::string first_file() {
    if (type() == "texthash") {
      std::string text;
      for (int i = 0; i < kKeys; ++i) text += key(i) + ' ' + value(0) + '\n';
      return text;
    }
    auto maker = tables::make_map(type(), base());
    for (int i = 0; i < kKeys; ++i)
      EXPECT_TRUE((*maker)->put(key(i), value(0), tables::OnDuplicate::keep_first));
    EXPECT_TRUE((*maker)->commit());
    return *read_file(file());
  }

  void replace(int generation) {
    const std::string old = value(0);
    std::string bytes = template_;
    for (std::size_t at = 0; (at = bytes.find(old, at)) != std::string::npos; at += old.size())
      bytes.replace(at, old.size(), value(generation));
    testing_support::write_contents(file() + ".new", bytes);
    std::filesystem::rename(file() + ".new", file());
  }

  std::unique_ptr<Lookup> open() {
    auto table =
        tables::open_table(type() + ':' + base(), store_,
                           [](const Diagnostic& diagnostic) { ADD_FAILURE() << diagnostic.text; });
    EXPECT_TRUE(table) << table.error().text();
    return std::move(table->full);
  }

  // As Renewal does: a look, and what has changed is opened anew.
  void round() {
    if (store_.mark_changed().empty()) return;
    std::vector<std::unique_ptr<Lookup>> fresh;
    for (std::size_t i = 0; i < kReaders; ++i) fresh.push_back(open());
    store_.end_round();
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < kReaders; ++i) next_[i] = std::move(fresh[i]);
    ++rounds_;
  }

  void read(std::size_t reader) {
    std::unique_ptr<Lookup> table;
    std::string newest;
    bool last = false;
    for (int i = static_cast<int>(reader); !last; i = (i + 7) % kKeys) {
      last = done_;
      {
        const std::lock_guard lock(mutex_);
        if (next_[reader]) table = std::move(next_[reader]);
      }
      const auto found = table->find(key(i));
      const std::string answer = !found ? found.error().text() : *found ? (*found)->value : "none";
      const bool good = answer.starts_with("generation") && answer >= newest;
      if (!good && wrong_++ < 10) ADD_FAILURE() << answer << " after " << newest;
      newest = answer;
    }
    seen_[reader] = newest;
  }

  testing_support::ScratchDirectory directory_;
  testing_support::FakeSource source_;
  testing_support::FakeEnv env_;
  TableStore store_{source_, env_};
  std::string template_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Lookup>> next_{kReaders};
  std::vector<std::string> seen_{kReaders};
  std::atomic<bool> done_ = false;
  std::atomic<int> wrong_ = 0, rounds_ = 0;
};

TEST_P(ReplacedTablesTest, no_lookup_fails_and_none_goes_back) {
  template_ = first_file();
  replace(0);
  for (auto& next : next_) next = open();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kReaders; ++i) threads.emplace_back([this, i] { read(i); });
  std::atomic<bool> replaced = false;
  std::thread replacing([&] {
    for (int i = 1; i <= kReplacements; ++i) {
      const int before = rounds_;
      replace(i);
      // Now and then a round gets through: two looks at the same file.
      while (i % 8 == 0 && rounds_ == before) std::this_thread::yield();
    }
    replaced = true;
  });
  while (!replaced) round();
  replacing.join();
  for (int i = 0; i < 3; ++i) round();
  done_ = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong_, 0);
  EXPECT_GE(rounds_, kReplacements / 8);
  for (const std::string& seen : seen_) EXPECT_EQ(seen, value(kReplacements));
}

INSTANTIATE_TEST_SUITE_P(Types, ReplacedTablesTest, testing::Values("cdb", "lmdb", "texthash"),
                         [](const auto& type) { return std::string(type.param); });

}  // namespace

}  // namespace headgate::cli
