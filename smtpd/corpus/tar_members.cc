// How it works: 512-byte blocks. A header's checksum is what tells an archive from anything else; two empty blocks, or the
// end of the file, end it. A member's size is believed only as far as there are bytes.
// Tested by tests/smtpd/corpus/message_files_test.cc.
#include "smtpd/corpus/tar_members.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::corpus {

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kLongestName = 65536;  // of an extended header

std::string_view field(std::string_view block, std::size_t at, std::size_t size) {
  const std::string_view whole = block.substr(at, size);
  return whole.substr(0, whole.find('\0'));
}

// Octal digits; GNU's base-256 for what is 8 GB and larger is not met in mail.
std::optional<std::uint64_t> octal(std::string_view digits) {
  std::uint64_t value = 0;
  bool any = false;
  for (const char c : digits) {
    if (c == ' ' && !any) continue;
    if (c == ' ') break;
    if (c < '0' || c > '7' || value >> 60 != 0) return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
    any = true;
  }
  return any ? std::optional(value) : std::nullopt;
}

// The sum of all bytes, those of the checksum itself taken as blanks.
bool checks_out(std::string_view block) {
  if (block.size() < kBlock) return false;
  const auto wanted = octal(field(block, 148, 8));
  std::uint64_t sum = 8U * ' ';
  for (std::size_t i = 0; i < kBlock; ++i)
    if (i < 148 || i >= 156) sum += static_cast<unsigned char>(block[i]);
  return wanted && *wanted == sum;
}

std::string name_of(std::string_view block) {
  const std::string name(field(block, 0, 100));
  const bool ustar = block.substr(257, 6) == std::string_view("ustar\0", 6);
  const std::string prefix(ustar ? field(block, 345, 155) : std::string_view());
  return prefix.empty() ? name : prefix + '/' + name;
}

// "27 path=some/name\n" among the records of a pax header.
std::string pax_path(std::string_view records) {
  std::string path;
  while (!records.empty()) {
    const std::size_t space = records.find(' ');
    std::size_t length = 0;
    for (const char c : records.substr(0, std::min(space, std::size_t{8})))
      length = c >= '0' && c <= '9' ? length * 10 + static_cast<std::size_t>(c - '0') : 0;
    if (space == std::string_view::npos || length <= space + 1 || length > records.size()) break;
    const std::string_view record = records.substr(space + 1, length - space - 2);
    if (record.starts_with("path=")) path = record.substr(5);
    records.remove_prefix(length);
  }
  return path;
}

class Archive {
 public:
  explicit Archive(ByteSource& source) : source_(source) {}

  // "" at the end.
  Result<std::string> next_header() {
    TRY(block, take(kBlock));
    if (block.find_first_not_of('\0') == std::string::npos) return std::string();
    if (!checks_out(block)) return damaged("no header where one must be");
    return std::move(block);
  }

  Result<std::string> take(std::uint64_t size) {
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < size) {
      TRY(got, source_.read(bytes.data() + done, size - done));
      if (got == 0) break;
      done += got;
    }
    at_ += done;
    bytes.resize(done);
    return bytes;
  }

  // The data of a member, and the padding after it.
  Result<std::string> take_padded(std::uint64_t size) {
    TRY(bytes, take(size));
    if (bytes.size() < size) return damaged("it ends too early");
    TRY_OK(skip((kBlock - size % kBlock) % kBlock));
    return std::move(bytes);
  }

  Result<void> skip(std::uint64_t size) {
    while (size > 0) {
      TRY(bytes, take(std::min<std::uint64_t>(size, 65536)));
      if (bytes.empty()) return damaged("it ends too early");
      size -= bytes.size();
    }
    return {};
  }

  Result<std::size_t> read(char* to, std::size_t size) {
    TRY(got, source_.read(to, size));
    at_ += got;
    if (got == 0 && size > 0) return damaged("it ends too early");
    return got;
  }

  [[nodiscard]] tl::unexpected<Error> damaged(std::string_view why) const {
    return fail(Code::corrupt, fmt::format("damaged tar archive at byte {}: {}", at_, why),
                source_.name());
  }

 private:
  ByteSource& source_;
  std::uint64_t at_ = 0;
};

}  // namespace

bool is_tar(ByteSource& source) {
  const auto block = source.peek(kBlock);
  return block && checks_out(*block);
}

Result<void> read_tar(
    ByteSource& archive_bytes,
    const std::function<Result<void>(const std::string& name, ByteSource&)>& on_member) {
  Archive archive(archive_bytes);
  std::string long_name;
  for (;;) {
    TRY(header, archive.next_header());
    if (header.empty()) return {};
    const auto size = octal(field(header, 124, 12));
    if (!size) return archive.damaged("a member without a size");
    const char type = header[156];
    if (type == 'L' || type == 'x') {
      if (*size > kLongestName) return archive.damaged("a name that is too long");
      TRY(bytes, archive.take_padded(*size));
      if (type == 'x' && pax_path(bytes).empty()) continue;
      long_name = type == 'x' ? pax_path(bytes) : bytes.substr(0, bytes.find('\0'));
      continue;
    }
    const std::string name = long_name.empty() ? name_of(header) : std::exchange(long_name, {});
    std::uint64_t left = *size;
    if (type == '0' || type == '\0') {
      ByteSource member(archive_bytes.name() + ':' + name,
                        [&](char* to, std::size_t wanted) -> Result<std::size_t> {
                          if (left == 0) return std::size_t{0};
                          TRY(got, archive.read(to, std::min<std::uint64_t>(wanted, left)));
                          left -= got;
                          return got;
                        });
      TRY_OK(on_member(name, member));
    }
    TRY_OK(archive.skip(left + (kBlock - *size % kBlock) % kBlock));
  }
}

}  // namespace headgate::corpus
