// image_fuzz: damaged images with a right checksum -> the reader refuses them, or what it reads is harmless: both paths
// answer, and what was read can be written, read again and written to the same bytes.
// An input is a letter, then edits of the contents of a fixed table's image (letters a-d), or the contents themselves (r).
// Edits, not images, so that the corpus fits every CPU and every version of the format. Databases are never damaged: their
// bytecode is what no reader can check (docs/image_format.md, "Who believes what"), and libhs would follow it anywhere.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/back/image_writer.h"
#include "compiler/back/trial.h"
#include "compiler/compile.h"
#include "engine/rules/image.h"
#include "engine/rules/program_lookup.h"
#include "tests/fuzz/require.h"

namespace {

using namespace headgate;
using fuzz::require;

constexpr Digest kKey{1, 2, 3};
constexpr std::size_t kSlack = 1024;  // what edits may add to the contents
constexpr std::size_t kMostEdits = 64;
constexpr std::size_t kMetaSizeOffset = 32;

struct FixedTable {
  rules::Dialect dialect;
  std::string_view text;
};

constexpr std::array kTables = {
    FixedTable{rules::Dialect::pcre,
               "/^Subject: (.*)/ INFO $1\nif /x/\n!/y(?=z)/ REJECT\nendif\n/bad(/ X\n"
               "#@emergency\n/(a)\\1/ X\n"},
    FixedTable{rules::Dialect::regexp, "/a(b)(c)/!/d/ $2$$\n/[[:alpha:]]q+/x Y\nif /q/m\n/r/ Z\n"},
    FixedTable{rules::Dialect::pcre, "/a(b)/ $1\nif /q/\n/c/ X\n/^d*$/ Y\nendif\n"},
    FixedTable{rules::Dialect::pcre, ""},
};

// An image in two parts: the contents, and the databases where the contents say they lie.
struct Parts {
  std::string meta, databases;
  std::size_t databases_at = 0;  // in the file
};

std::uint64_t number_at(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i > 0; --i)
    value = value << 8U | static_cast<unsigned char>(bytes[at + i - 1]);
  return value;
}

void put_number(std::string& bytes, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i) & 0xffU);
}

// The first string of the contents, for people, is written long and then cut: that is the room in which edits can grow
// without moving the databases.
Parts take_apart(const FixedTable& table) {
  const auto compiled = compiler::compile_text(table.dialect, "t", table.text, {});
  const auto image = back::write_image(compiled, kKey, std::string(kSlack, '-'));
  require(image.has_value(), "an image is written");
  Parts parts;
  const auto meta_size = static_cast<std::size_t>(number_at(*image, kMetaSizeOffset));
  parts.meta = std::string(4, '\0') +
               image->substr(rules::kImageHeaderBytes + 4 + kSlack, meta_size - 4 - kSlack);
  parts.databases_at = (rules::kImageHeaderBytes + meta_size + 63) / 64 * 64;
  if (parts.databases_at < image->size()) parts.databases = image->substr(parts.databases_at);
  return parts;
}

const std::array<Parts, kTables.size()>& fixed_parts() {
  static const auto parts = [] {
    std::array<Parts, kTables.size()> all;
    std::transform(kTables.begin(), kTables.end(), all.begin(), take_apart);
    return all;
  }();
  return parts;
}

// One edit: kind, place (two bytes, modulo what there is), length, value.
void edit(std::string& meta, const std::uint8_t* bytes, std::size_t most) {
  if (meta.empty()) return;
  const std::size_t at = (bytes[1] * 256U + bytes[2]) % meta.size();
  const std::size_t length = std::min<std::size_t>(bytes[3] % 16U + 1, meta.size() - at);
  const char value = static_cast<char>(bytes[4]);
  switch (bytes[0] % 5) {
    case 0:
      meta[at] = value;
      break;
    case 1:
      meta[at] = static_cast<char>(meta[at] ^ value);
      break;
    case 2:
      meta.replace(at, length, length, value);
      break;
    case 3:
      meta.erase(at, length);
      break;
    default:  // twice, at another place: a part that is there once too often
      meta.insert(bytes[4] % meta.size(), meta.substr(at, length));
      break;
  }
  meta.resize(std::min(meta.size(), most));
}

// Bytes at a place of the alignment that a mapping has, and not one more than there are.
class Aligned {
 public:
  explicit Aligned(const std::string& bytes)
      : size_(bytes.size()),
        place_(static_cast<char*>(::operator new(bytes.size(), kAlignment)),
               [](char* place) { ::operator delete(place, kAlignment); }) {
    std::copy(bytes.begin(), bytes.end(), place_.get());
  }

  [[nodiscard]] std::string_view bytes() const { return {place_.get(), size_}; }

  [[nodiscard]] std::shared_ptr<const void> keeper() const { return place_; }

 private:
  static constexpr std::align_val_t kAlignment{rules::kImageDatabaseAlignment};

  std::size_t size_;
  std::shared_ptr<char> place_;
};

std::string put_together(const std::string& meta, const Parts& parts) {
  std::string image(rules::kImageHeaderBytes, '\0');
  std::copy(rules::kImageMagic.begin(), rules::kImageMagic.end(), image.begin());
  image[8] = static_cast<char>(rules::kImageFormat);
  image[12] = static_cast<char>(rules::kImageHeaderBytes);
  std::copy(kKey.begin(), kKey.end(),
            image.begin() + static_cast<std::ptrdiff_t>(rules::kImageKeyOffset));
  image += meta;
  image.resize(std::max(parts.databases_at, image.size()));
  if (image.size() == parts.databases_at) image += parts.databases;
  put_number(image, 16, image.size());
  put_number(image, 24, rules::kImageHeaderBytes);
  put_number(image, kMetaSizeOffset, meta.size());
  const Digest digest = rules::image_digest(image);
  std::copy(digest.begin(), digest.end(),
            image.begin() + static_cast<std::ptrdiff_t>(rules::kImageDigestOffset));
  return image;
}

void use(const std::shared_ptr<const rules::Program>& program) {
  if (program == nullptr) return;
  for (const auto path : {rules::Path::scan, rules::Path::confirm_only}) {
    rules::ProgramLookup lookup(
        program, "t", [](const Diagnostic&) {}, path);
    for (const char* key : {"", "abc", "aa", "q r", "q", "Subject: x", "xyz", "xy\n"})
      require(lookup.find(key).has_value(), "a lookup never fails");
  }
}

std::string written(const rules::CompiledTable& table) {
  auto bytes = back::write_image(table, kKey, "");
  require(bytes.has_value(), "what was read can be written");
  return std::move(*bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool raw = data[0] == 'r';
  if (!raw && (data[0] < 'a' || data[0] >= 'a' + kTables.size())) return 0;
  const Parts& parts = fixed_parts()[raw ? 0 : data[0] - std::size_t{'a'}];
  const std::size_t most = parts.databases_at - rules::kImageHeaderBytes;
  std::string meta = parts.meta;
  if (raw)
    meta.assign(reinterpret_cast<const char*>(data) + 1, std::min(size - 1, most));
  else
    for (std::size_t at = 1; at + 5 <= std::min(size, 1 + 5 * kMostEdits); at += 5)
      edit(meta, data + at, most);
  // The reader compiles each pattern again; a builder has tried them. No part of what needs no trial needs one.
  if (back::needs_trial(meta)) return 0;

  const Aligned place(put_together(meta, parts));
  const auto table = rules::read_image(place.bytes(), place.keeper(), kKey);
  if (!table) {
    require(table.error().code == Code::corrupt, "a damaged image is corrupt");
    return 0;
  }
  use(table->full);
  use(table->emergency);
  const Aligned once(written(*table));
  const auto again = rules::read_image(once.bytes(), once.keeper(), kKey);
  require(again.has_value(), "what was written can be read");
  require(written(*again) == once.bytes(), "and is written as it was");
  return 0;
}
