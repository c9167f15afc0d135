#include "smtpd/corpus/message_files.h"

#include <zlib.h>

#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "tests/support/scratch_directory.h"

namespace headgate::corpus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Each message as "NAME: line|line".
class Listing final : public MessageReader {
 public:
  void begin(const std::string& name) override {
    messages.push_back(name.substr(name.rfind('/') + 1) + ": ");
    first_ = true;
  }

  void record(std::string_view bytes, bool) override {
    messages.back() += (first_ ? "" : "|") + std::string(bytes);
    first_ = false;
  }

  void end() override { ++ended; }

  std::vector<std::string> messages;
  int ended = 0;

 private:
  bool first_ = true;
};

// One member of a ustar archive.
std::string tar_member(const std::string& name, const std::string& data, char type = '0') {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  header.replace(100, 7, "0000644");
  header.replace(124, 11, fmt::format("{:011o}", data.size()));
  header.replace(136, 11, "00000000000");
  header.replace(148, 8, "        ");
  header[156] = type;
  header.replace(257, 6, std::string("ustar\0", 6));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  header.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  std::string padded = data;
  padded.resize((data.size() + 511) / 512 * 512);
  return header + padded;
}

std::string tar_end() { return std::string(1024, '\0'); }

class MessageFiles : public testing::Test {
 protected:
  std::string put(const std::string& name, const std::string& bytes) {
    const std::string path = directory_.path() + '/' + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  std::string put_gzipped(const std::string& name, const std::string& bytes) {
    const std::string path = directory_.path() + '/' + name;
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return path;
  }

  Result<void> read(const std::string& path) {
    std::istringstream in;
    return read_messages(path, 2048, in, listing_);
  }

  testing_support::ScratchDirectory directory_;
  Listing listing_;
};

TEST_F(MessageFiles, AFileIsOneMessage) {
  ASSERT_TRUE(read(put("one.eml", "A: b\r\n\r\nbody\n")));
  EXPECT_THAT(listing_.messages, ElementsAre("one.eml: A: b||body"));
}

TEST_F(MessageFiles, AnMboxHasManyAndMayBeGzipped) {
  const std::string mbox = "From a\nA: 1\n\none\n\nFrom b\nA: 2\n\ntwo\n\n";
  ASSERT_TRUE(read(put("plain", mbox)));
  ASSERT_TRUE(read(put_gzipped("packed.gz", mbox)));
  EXPECT_THAT(listing_.messages, ElementsAre("plain#1: A: 1||one", "plain#2: A: 2||two",
                                             "packed.gz#1: A: 1||one", "packed.gz#2: A: 2||two"));
  EXPECT_EQ(4, listing_.ended);
}

TEST_F(MessageFiles, ATarIsReadMemberByMember) {
  const std::string tar = tar_member("mail", "", '5') + tar_member("mail-1", "A: 1\n\none\n") +
                          tar_member("box", "From a\nA: 2\n\ntwo\n") + tar_end();
  ASSERT_TRUE(read(put("x.tar", tar)));
  ASSERT_TRUE(read(put_gzipped("y.tgz", tar)));
  EXPECT_THAT(listing_.messages, ElementsAre("x.tar:mail-1: A: 1||one", "x.tar:box#1: A: 2||two",
                                             "y.tgz:mail-1: A: 1||one", "y.tgz:box#1: A: 2||two"));
}

TEST_F(MessageFiles, LongNamesOfPaxAndGnu) {
  const std::string tar = tar_member("pax", "20 path=long-of-pax\n", 'x') + tar_member("p", "x\n") +
                          tar_member("gnu", std::string("long-of-gnu\0", 12), 'L') +
                          tar_member("g", "y\n") + tar_end();
  ASSERT_TRUE(read(put("x.tar", tar)));
  EXPECT_THAT(listing_.messages, ElementsAre("x.tar:long-of-pax: x", "x.tar:long-of-gnu: y"));
}

TEST_F(MessageFiles, DamageIsTold) {
  const std::string tar = tar_member("a", std::string(2000, 'x')) + tar_end();
  const auto cut = read(put("cut.tar", tar.substr(0, 1500)));
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().text(), HasSubstr("cut.tar: damaged tar archive at byte 1500"));
  const auto junk = read(put("junk.tar", tar.substr(0, 512 + 2048) + std::string(512, 'j')));
  ASSERT_FALSE(junk);
  EXPECT_THAT(junk.error().text(), HasSubstr("at byte 3072: no header where one must be"));
  const std::string packed = put_gzipped("whole.gz", "A: 1\n\n" + tar);
  std::ifstream in(packed, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  const auto half = read(put("half.gz", bytes.substr(0, bytes.size() - 9)));
  ASSERT_FALSE(half);
  EXPECT_EQ(Code::corrupt, half.error().code);
  EXPECT_THAT(half.error().text(), HasSubstr("half.gz: damaged gzip"));
}

TEST_F(MessageFiles, AMissingFileIsNotFound) {
  const auto done = read(directory_.path() + "/nowhere");
  ASSERT_FALSE(done);
  EXPECT_EQ(Code::not_found, done.error().code);
}

}  // namespace
}  // namespace headgate::corpus
