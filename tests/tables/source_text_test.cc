// The entries and warnings are those of postmap(1) 3.7; beside it: map_agrees_test.py.
#include "tables/source_text.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "engine/base/file.h"

namespace headgate::tables {

namespace {

using testing::ElementsAre;

struct Read {
  std::vector<std::string> entries, warnings;
};

Read read(std::string_view text, bool utf8 = true, SourceReader reader = SourceReader::postmap) {
  Read out;
  const WarningSink sink = [&](const Diagnostic& d) { out.warnings.push_back(d.text); };
  SourceText source(LogicalLines(text, "t", sink, EmptyLines::as_is), "t", reader, utf8, sink);
  while (const auto entry = source.next())
    out.entries.push_back(fmt::format("{} {}={}", entry->line, entry->key, entry->value));
  return out;
}

TEST(SourceText, KeyWhiteSpaceValue) {
  const Read out = read(
      "a 1\nB\tx  y \n# c\n\nc one\n  two\n# c\n three\n\x0b"
      "d\n e\r\n");
  EXPECT_THAT(out.entries, ElementsAre("1 a=1", "2 B=x  y",
                                       "5 c=one  two three\x0b"
                                       "d e"));
  EXPECT_THAT(out.warnings, ElementsAre());
}

TEST(SourceText, QuotesAndBackslashesStayInTheKey) {
  EXPECT_THAT(read("\"quoted key\" v\n\"q\\\"uo te\\\\d\" v\nback\\ slash v\na\"b c\"d v\n\"\" v\n")
                  .entries,
              ElementsAre("1 \"quoted key\"=v", "2 \"q\\\"uo te\\\\d\"=v", "3 back\\ slash=v",
                          "4 a\"b c\"d=v", "5 \"\"=v"));
}

TEST(SourceText, WhatIsWrongIsSaidAndPassedOver) {
  const std::string_view text("alias: v\nnothing\n\0x y\nn\0x y\n\"open v\n\\\nok 1", 42);
  const Read out = read(text);
  EXPECT_THAT(out.entries, ElementsAre("1 alias:=v", "7 ok=1"));
  const std::string format = "expected format: key whitespace value";
  EXPECT_THAT(out.warnings,
              ElementsAre("t, line 1: record is in \"key: value\" format; is this an alias file?",
                          "t, line 2: " + format, "t, line 3: " + format, "t, line 4: " + format,
                          "t, line 5: unbalanced '\"' in '\"open v' -- ignoring this line",
                          "t, line 6: " + format));
  EXPECT_THAT(read("k  \t\nq\" x \nb\xff \nv x \t\r\n").warnings,
              ElementsAre("t, line 1: " + format,
                          "t, line 2: unbalanced '\"' in 'q\" x ' -- ignoring this line",
                          "t, line 3: non-UTF-8 input \"b\xff \" -- ignoring this line"));
  EXPECT_THAT(read("x\n", true, SourceReader::texthash).warnings,
              ElementsAre("t, line 1: " + format + " -- ignoring this line"));
}

TEST(SourceText, WhatIsNotUtf8) {
  const std::string_view text = "a\xff v\nb v\xff\n\xc3\xa4 v\n";
  EXPECT_THAT(read(text).entries, ElementsAre("3 \xc3\xa4=v"));
  EXPECT_THAT(read(text).warnings,
              ElementsAre("t, line 1: non-UTF-8 input \"a\xff v\" -- ignoring this line",
                          "t, line 2: non-UTF-8 input \"b v\xff\" -- ignoring this line"));
  EXPECT_THAT(read(text, false).entries, ElementsAre("1 a\xff=v", "2 b=v\xff", "3 \xc3\xa4=v"));
  EXPECT_THAT(read(text, false).warnings, ElementsAre());
}

// Reads it all from a descriptor.
Read read_file_text(const Fd& fd, std::optional<Error>& error) {
  Read out;
  FileText file(fd.get(), "t");
  const WarningSink sink = [&](const Diagnostic& d) { out.warnings.push_back(d.text); };
  const MoreText more = [&file](std::string_view left) { return file.more(left); };
  SourceText source(LogicalLines(more, "t", sink, EmptyLines::as_is), "t", SourceReader::postmap,
                    true, sink);
  while (const auto entry = source.next())
    out.entries.push_back(fmt::format("{} {}={}", entry->line, entry->key, entry->value.size()));
  error = file.error();
  return out;
}

TEST(FileText, LinesLongerThanWhatIsReadAtOnce) {
  const std::string path = testing::TempDir() + "source_text_long";
  std::ofstream(path, std::ios::binary) << "a 1\nb " << std::string(10'000'000, 'x') << "\nc 1\n "
                                        << std::string(700'000, 'y') << "\nd 1\n";
  std::optional<Error> error;
  EXPECT_THAT(read_file_text(*open_file(path, O_RDONLY), error).entries,
              ElementsAre("1 a=1", "2 b=10000000", "3 c=700002", "5 d=1"));
  EXPECT_FALSE(error);
  ::unlink(path.c_str());
}

TEST(FileText, PiecesOfAPipe) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const Fd in(ends[0]);
  std::thread writer([out = ends[1]] {
    const Fd closes(out);
    for (const std::string_view piece : {"a", " 1\n", " 2", "\nb x", "\n"})
      EXPECT_TRUE(write_all(out, piece, "pipe"));
  });
  std::optional<Error> error;
  EXPECT_THAT(read_file_text(in, error).entries, ElementsAre("1 a=3", "3 b=1"));
  writer.join();
}

TEST(FileText, AFolderIsAnError) {
  std::optional<Error> error;
  EXPECT_THAT(read_file_text(*open_file("/", O_RDONLY), error).entries, ElementsAre());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->text(), "read t: Is a directory");
}

}  // namespace

}  // namespace headgate::tables
