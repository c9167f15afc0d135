// Images: what is written comes back; what is damaged in any way is refused.
#include <sys/mman.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "compiler/back/image_writer.h"
#include "compiler/compile.h"
#include "engine/base/file.h"
#include "engine/base/mapped_file.h"
#include "engine/rules/image.h"
#include "engine/rules/program_lookup.h"

namespace headgate::back {
namespace {

constexpr Digest kKey{1, 2, 3};

constexpr std::string_view kTable =
    "/^Subject: (.*)/ INFO $1\nif /x/\n!/y(?=z)/ REJECT\nendif\n/bad(/ X\n#@emergency\n/(a)\\1/ "
    "X\n";

rules::CompiledTable table(std::string_view text = kTable,
                           rules::Dialect dialect = rules::Dialect::pcre) {
  return compiler::compile_text(dialect, "t", text, {});
}

// Bytes at a place of the alignment that a mapping has.
class Aligned {
 public:
  explicit Aligned(std::size_t size)
      : place_(static_cast<char*>(std::aligned_alloc(4096, (size + 4095) / 4096 * 4096)),
               std::free) {}

  std::string_view copy(std::string_view bytes) {
    std::copy(bytes.begin(), bytes.end(), place_.get());
    return {place_.get(), bytes.size()};
  }

  char* data() { return place_.get(); }

  [[nodiscard]] std::shared_ptr<const void> keeper() const { return place_; }

 private:
  std::shared_ptr<char> place_;
};

void expect_same(const rules::Outlook& a, const rules::Outlook& b) {
  EXPECT_EQ(std::tie(a.per_byte, a.cost, a.literals, a.more_literals),
            std::tie(b.per_byte, b.cost, b.literals, b.more_literals));
}

void expect_same(const rules::Program& a, const rules::Program& b) {
  EXPECT_EQ(a.dialect(), b.dialect());
  EXPECT_EQ(a.name(), b.name());
  ASSERT_EQ(a.patterns().size(), b.patterns().size());
  for (std::size_t i = 0; i < a.patterns().size(); ++i) {
    const rules::Pattern &x = a.patterns()[i], &y = b.patterns()[i];
    EXPECT_EQ(x.text, y.text);
    EXPECT_EQ(x.flags, y.flags);
    EXPECT_EQ(x.line, y.line);
    EXPECT_EQ(x.strategy, y.strategy);
    EXPECT_EQ(x.reason, y.reason);
    EXPECT_EQ(x.trusted_bytes, y.trusted_bytes);
    expect_same(x.alone, y.alone);
    expect_same(x.in_block, y.in_block);
    EXPECT_EQ(match::option_bits(x.recipe), match::option_bits(y.recipe));
    EXPECT_EQ(x.recipe.groups_wanted, y.recipe.groups_wanted);
    EXPECT_EQ(x.reference->group_count(), y.reference->group_count());
  }
  ASSERT_EQ(a.rules().size(), b.rules().size());
  for (std::size_t i = 0; i < a.rules().size(); ++i) {
    const rules::Rule &x = a.rules()[i], &y = b.rules()[i];
    EXPECT_EQ(std::tie(x.line, x.value_text, x.pattern), std::tie(y.line, y.value_text, y.pattern));
    ASSERT_EQ(x.value.size(), y.value.size());
    for (std::size_t p = 0; p < x.value.size(); ++p) {
      EXPECT_EQ(x.value[p].literal, y.value[p].literal);
      EXPECT_EQ(x.value[p].group, y.value[p].group);
    }
  }
  ASSERT_EQ(a.ops().size(), b.ops().size());
  for (std::size_t i = 0; i < a.ops().size(); ++i) {
    const rules::Op &x = a.ops()[i], &y = b.ops()[i];
    EXPECT_EQ(std::tie(x.kind, x.role, x.negated, x.line, x.index, x.target),
              std::tie(y.kind, y.role, y.negated, y.line, y.index, y.target));
  }
  EXPECT_EQ(a.plan().scans.size(), b.plan().scans.size());
  EXPECT_EQ(a.plan().measured, b.plan().measured);
}

void expect_round_trip(const rules::CompiledTable& before) {
  const auto bytes = write_image(before, kKey, "test");
  ASSERT_TRUE(bytes);
  Aligned place(bytes->size());
  const auto after = rules::read_image(place.copy(*bytes), place.keeper(), kKey);
  ASSERT_TRUE(after) << after.error().text();
  expect_same(*before.full, *after->full);
  ASSERT_EQ(before.emergency == nullptr, after->emergency == nullptr);
  if (before.emergency) expect_same(*before.emergency, *after->emergency);
  ASSERT_EQ(before.diagnostics.size(), after->diagnostics.size());
  for (std::size_t i = 0; i < before.diagnostics.size(); ++i) {
    const Diagnostic &x = before.diagnostics[i], &y = after->diagnostics[i];
    EXPECT_EQ(std::tie(x.severity, x.text, x.file, x.line, x.column),
              std::tie(y.severity, y.text, y.file, y.line, y.column));
  }
  EXPECT_FALSE(after->wants_build);
  // Written again, the image is the same to the byte: nothing was lost, and nothing depends on addresses.
  EXPECT_EQ(*write_image(*after, kKey, "test"), *bytes);
}

TEST(Image, ComesBackAsItWas) {
  expect_round_trip(table());
  expect_round_trip(table(""));
  expect_round_trip(
      table("/a(b)(c)/!/d/ $2$$\n/[[:alpha:]]+/x Y\nif /q/m\n", rules::Dialect::regexp));
}

TEST(Image, EveryTableOfTheColliderComesBack) {
  std::size_t tables = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TABLES_DIR)) {
    const auto extension = entry.path().extension();
    if (extension != ".pcre" && extension != ".regexp") continue;
    SCOPED_TRACE(entry.path().string());
    expect_round_trip(table(*read_file(entry.path()),
                            extension == ".pcre" ? rules::Dialect::pcre : rules::Dialect::regexp));
    ++tables;
  }
  EXPECT_GT(tables, 20U);
}

TEST(Image, ScansFromAReadOnlyMapping) {
  const std::string path = testing::TempDir() + "headgate_image_test";
  ASSERT_TRUE(write_file_atomically(path, *write_image(table(), kKey, "test"), 0600));
  rules::CompiledTable loaded;
  {
    const auto mapped = MappedFile::open(path);
    ASSERT_TRUE(mapped);
    auto read = rules::read_image((*mapped)->bytes(), *mapped, kKey);
    ASSERT_TRUE(read) << read.error().text();
    loaded = std::move(*read);
  }
  std::filesystem::remove(path);
  ASSERT_FALSE(loaded.full->plan().scans.empty());
  rules::ProgramLookup lookup(loaded.full, "t", nullptr);
  EXPECT_EQ((*lookup.find("Subject: hi"))->value, "INFO hi");
  EXPECT_EQ((*lookup.find("xyz")), std::nullopt);
  EXPECT_EQ((*lookup.find("xy"))->line, 3);
  EXPECT_EQ((*lookup.find("aa"))->line, 7);
}

TEST(Image, AFlippedBitAnywhereIsRefused) {
  const std::string bytes = *write_image(table(), kKey, "test");
  Aligned place(bytes.size());
  const std::string_view image = place.copy(bytes);
  constexpr std::size_t kDense = 4096;  // header and contents; databases are only sampled
  for (std::size_t at = 0; at < bytes.size(); at += at < kDense ? 1 : 97) {
    for (const unsigned bits : {0x01, 0xff}) {
      place.data()[at] = static_cast<char>(static_cast<unsigned char>(place.data()[at]) ^ bits);
      const auto read = rules::read_image(image, place.keeper(), kKey);
      place.data()[at] = bytes[at];
      ASSERT_FALSE(read) << "byte " << at << " of " << bytes.size();
      ASSERT_EQ(read.error().code, Code::corrupt);
    }
  }
  EXPECT_TRUE(rules::read_image(image, place.keeper(), kKey));
}

TEST(Image, EveryOtherLengthIsRefused) {
  const std::string bytes = *write_image(table(), kKey, "test");
  Aligned place(bytes.size() + 1);
  const std::string_view image = place.copy(bytes + "\n");
  for (std::size_t size = 0; size <= image.size(); ++size) {
    ASSERT_EQ(rules::read_image(image.substr(0, size), place.keeper(), kKey).has_value(),
              size == bytes.size())
        << size;
  }
}

TEST(Image, AnotherTablesImageIsRefused) {
  const std::string bytes = *write_image(table(), kKey, "test");
  Aligned place(bytes.size());
  const auto read = rules::read_image(place.copy(bytes), place.keeper(), Digest{3, 2, 1});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().what, "not a usable image: it was made for something else");
}

// What stands behind the checksum is checked too: damage of the table of contents and the programs with a checksum that
// fits must be refused or read as something harmless, which the walk over it shows.
TEST(Image, DamageWithARightChecksumDoesNoHarm) {
  std::string bytes = *write_image(table("/a(b)/ $1\nif /q/\n/c/ X\n/^d*$/ Y\nendif\n"), kKey, "t");
  // Databases are beyond what a reader can check: only what stands before the first is damaged.
  const std::size_t meta_end = rules::kImageHeaderBytes + static_cast<unsigned char>(bytes[32]) +
                               256U * static_cast<unsigned char>(bytes[33]);
  ASSERT_LT(meta_end, bytes.size());
  std::size_t refused = 0, taken = 0;
  for (std::size_t at = 8; at < meta_end; ++at) {
    for (const unsigned bits : {0x01, 0x03, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ bits);
      const Digest digest = rules::image_digest(damaged);
      std::copy(digest.begin(), digest.end(), damaged.begin() + rules::kImageDigestOffset);
      Aligned place(damaged.size());
      auto read = rules::read_image(place.copy(damaged), place.keeper(), kKey);
      if (!read) {
        ++refused;
        continue;
      }
      ++taken;
      for (const auto path : {rules::Path::scan, rules::Path::confirm_only}) {
        rules::ProgramLookup lookup(read->full, "t", nullptr, path);
        for (const char* key : {"ab", "q c", "q", "", "zzz"}) ASSERT_TRUE(lookup.find(key));
      }
    }
  }
  EXPECT_GT(refused, 100U);
  EXPECT_GT(taken, 100U);
}

}  // namespace
}  // namespace headgate::back
