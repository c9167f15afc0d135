// read_image: the bytes of a compiled table, as a builder published them, back to Programs. docs/image_format.md has the layout.
// Trusts nothing: size, checksum and key first, then every count, number, index and jump; the reference engines compile
// their patterns again from the text, PCRE2 when it is asked first. What no reader can check is a database's own bytecode: the checksum vouches for it,
// and MappedFile refuses a file that somebody else could have written.
//   Lifetime  the Programs keep `keeper` (the mapping), for their databases are used where they lie.
//   Errors    Code::corrupt: "checksum differs": throw the file away and build it again. Code::unavailable: this process's
//             libhs does not read the databases rightly (match/selftest.h).      Threads  pure.
//   Cost      one pass of SHA-256 over the file, for regexp: a regcomp a pattern.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/sha256.h"
#include "engine/rules/program_source.h"

namespace headgate::rules {

// What the writer (compiler/back/image_writer) and the reader share.
constexpr std::string_view kImageMagic = "headgate";
constexpr std::uint32_t kImageFormat = 4;
constexpr std::size_t kImageHeaderBytes = 128;
constexpr std::size_t kImageKeyOffset = 40;
constexpr std::size_t kImageDigestOffset = 72;
constexpr std::size_t kImageDatabaseAlignment = 64;

// Over all bytes but its own. `image` must have a whole header.
Digest image_digest(std::string_view image);

// `bytes` must lie at a multiple of kImageDatabaseAlignment. `key`: what the image must have been made for.
Result<CompiledTable> read_image(std::string_view bytes, std::shared_ptr<const void> keeper,
                                 const Digest& key);

}  // namespace headgate::rules
