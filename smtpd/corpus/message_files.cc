// Tested by tests/smtpd/corpus/message_files_test.cc and tests/smtpd/cli/match_test.cc.
#include "smtpd/corpus/message_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include "engine/base/file.h"
#include "engine/mail/splitter.h"
#include "smtpd/corpus/byte_source.h"
#include "smtpd/corpus/tar_members.h"

namespace headgate::corpus {

namespace {

namespace fs = std::filesystem;

// Takes a file's records and finds the messages in it.
class Messages {
 public:
  Messages(std::string path, MessageReader& reader) : path_(std::move(path)), reader_(reader) {}

  void record(std::string_view bytes, bool continued) {
    const bool starts_line = !std::exchange(in_line_, continued);
    if (!open_ && count_ == 0) mbox_ = bytes.starts_with("From ");
    if (mbox_ && starts_line && bytes.starts_with("From ") && (held_blank_ || !open_)) {
      finish();
      begin();
      in_separator_ = true;
      return;
    }
    if (in_separator_ && !starts_line) return;  // the rest of a long separator
    in_separator_ = false;
    if (!open_) begin();
    if (held_blank_) reader_.record({}, false);
    held_blank_ = mbox_ && starts_line && bytes.empty() && !continued;
    if (!held_blank_) reader_.record(bytes, continued);
  }

  void finish() {
    if (open_) reader_.end();
    open_ = false;
    held_blank_ = false;
  }

  // An empty file is one message, empty.
  void end() {
    if (count_ == 0) begin();
    finish();
  }

 private:
  void begin() {
    ++count_;
    open_ = true;
    reader_.begin(mbox_ ? path_ + '#' + std::to_string(count_) : path_);
  }

  std::string path_;
  MessageReader& reader_;
  int count_ = 0;
  bool mbox_ = false, open_ = false, in_line_ = false, in_separator_ = false;
  bool held_blank_ = false;  // an empty line that may belong to the separator that follows
};

Result<void> read_source(ByteSource& source, std::size_t limit, MessageReader& reader) {
  constexpr std::size_t kReadBytes = 65536;
  std::array<char, kReadBytes> buffer{};
  mail::Splitter splitter(limit, mail::LineEnd::crlf_or_lf);
  Messages messages(source.name(), reader);
  for (;;) {
    const auto got = source.read(buffer.data(), buffer.size());
    if (!got) {
      messages.finish();
      return tl::unexpected(got.error());
    }
    if (*got == 0) break;
    splitter.feed(std::string_view(buffer.data(), *got), messages);
  }
  splitter.end(messages);
  messages.end();
  return {};
}

Result<void> read_file_messages(const std::string& path, std::size_t limit, MessageReader& reader) {
  TRY(source, ByteSource::open(path));
  if (!is_tar(*source)) return read_source(*source, limit, reader);
  return read_tar(*source, [&](const std::string&, ByteSource& member) {
    return read_source(member, limit, reader);
  });
}

Result<std::vector<std::string>> files_below(const std::string& path) {
  std::vector<std::string> files;
  const bool maildir =
      fs::is_directory(fs::path(path) / "cur") && fs::is_directory(fs::path(path) / "new");
  const std::vector<fs::path> roots =
      maildir ? std::vector<fs::path>{fs::path(path) / "new", fs::path(path) / "cur"}
              : std::vector<fs::path>{path};
  for (const fs::path& root : roots) {
    std::error_code error;
    for (fs::recursive_directory_iterator at(root, error), last; !error && at != last;
         at.increment(error)) {
      std::error_code ignored;
      if (at->is_regular_file(ignored)) files.push_back(at->path().string());
    }
    if (error) return fail_errno("open", root.string(), error.value());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<void> read_messages(const std::string& path, std::size_t line_length_limit,
                           std::istream& standard_input, MessageReader& reader) {
  if (path == "-")
    return read_source(*ByteSource::of_stream(standard_input), line_length_limit, reader);
  std::error_code error;
  if (!fs::is_directory(path, error)) return read_file_messages(path, line_length_limit, reader);
  TRY(files, files_below(path));
  for (const std::string& file : files) TRY_OK(read_file_messages(file, line_length_limit, reader));
  return {};
}

}  // namespace headgate::corpus
