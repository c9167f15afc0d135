// How it works: zlib's gzread() reads a file that is not gzipped as it is. Tested by
// tests/smtpd/corpus/message_files_test.cc.
#include "smtpd/corpus/byte_source.h"

#include <fcntl.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <istream>

#include "engine/base/file.h"

namespace headgate::corpus {

namespace {

struct CloseGzip {
  void operator()(gzFile file) const { gzclose_r(file); }
};

Result<std::size_t> read_gzip(gzFile file, const std::string& path, char* to, std::size_t size) {
  constexpr std::size_t kMost = std::size_t{1} << 30;
  errno = 0;
  const int got = gzread(file, to, static_cast<unsigned>(std::min(size, kMost)));
  int error = Z_OK;
  const std::string_view text = gzerror(file, &error);  // "<fd:3>: unexpected end of file"
  if (error == Z_ERRNO) return fail_errno("read", path, errno);
  if (got < 0 || (error != Z_OK && error != Z_STREAM_END))
    return fail(Code::corrupt, "damaged gzip: " + std::string(text.substr(text.find(": ") + 2)),
                path);
  return static_cast<std::size_t>(got);
}

}  // namespace

Result<std::unique_ptr<ByteSource>> ByteSource::open(const std::string& path) {
  TRY(fd, open_file(path, O_RDONLY | O_CLOEXEC));
  const std::shared_ptr<gzFile_s> file(gzdopen(fd.get(), "rb"), CloseGzip());
  if (file == nullptr) return fail(Code::unavailable, "no memory to read it", path);
  fd.release();  // gzclose_r() closes it
  return std::make_unique<ByteSource>(path, [file, path](char* to, std::size_t size) {
    return read_gzip(file.get(), path, to, size);
  });
}

std::unique_ptr<ByteSource> ByteSource::of_stream(std::istream& stream) {
  return std::make_unique<ByteSource>("-",
                                      [&stream](char* to, std::size_t size) -> Result<std::size_t> {
                                        stream.read(to, static_cast<std::streamsize>(size));
                                        return static_cast<std::size_t>(stream.gcount());
                                      });
}

Result<std::string_view> ByteSource::peek(std::size_t size) {
  while (ahead_.size() < size) {
    const std::size_t before = ahead_.size();
    ahead_.resize(size);
    const auto got = read_(ahead_.data() + before, size - before);
    ahead_.resize(before + got.value_or(0));
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
  }
  return std::string_view(ahead_).substr(0, size);
}

Result<std::size_t> ByteSource::read(char* to, std::size_t size) {
  if (ahead_.empty()) return read_(to, size);
  const std::size_t taken = std::min(size, ahead_.size());
  std::memcpy(to, ahead_.data(), taken);
  ahead_.erase(0, taken);
  return taken;
}

}  // namespace headgate::corpus
