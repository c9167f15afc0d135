// Scanner: one Hyperscan block-mode database. A scan of a text gives the candidates: the patterns that may match.
// A pattern whose bit stays clear does not match: the compiler put only patterns into the database for which that holds.
//   Units     bit i of the bitmap is pattern id i; ids are given by whoever compiled the database.
//   Ownership owns the database, or uses it where it lies, in a mapped image that it keeps.
//   Threads  immutable; scan() needs the caller's own Scratch.
//   Errors    scan() is false when Hyperscan failed: then nothing is known, ask the reference engine for everything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct hs_database;

namespace headgate::match {

class Scratch;

class Candidates {
 public:
  void clear(std::size_t patterns) { words_.assign((patterns + 63) / 64, 0); }

  // An id that was not cleared for is ignored: it comes from a database, which may be from a file.
  void set(std::size_t id) {
    if (id / 64 < words_.size()) words_[id / 64] |= std::uint64_t{1} << (id % 64);
  }

  [[nodiscard]] bool has(std::size_t id) const { return (words_[id / 64] >> (id % 64) & 1U) != 0; }

  [[nodiscard]] std::size_t size() const { return words_.size() * 64; }

 private:
  std::vector<std::uint64_t> words_;
};

class Scanner {
 public:
  explicit Scanner(hs_database* database) : database_(database) {}

  // A database used where it lies: `bytes` as laid_out() made them, at a multiple of 64. Null when they are not one that
  // this libhs can use. Only header and length are looked at: the bytes must come from somebody who is trusted.
  static std::shared_ptr<const Scanner> in_place(std::string_view bytes,
                                                 std::shared_ptr<const void> keeper);

  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;
  ~Scanner();

  // `candidates` must have been cleared for all pattern ids.
  [[nodiscard]] bool scan(std::string_view text, Scratch& scratch, Candidates& candidates) const;

  [[nodiscard]] std::size_t size_bytes() const;

  // For another process of the same program: small and portable, but to be laid out again.
  static std::shared_ptr<const Scanner> from_serialized(std::string_view bytes);
  [[nodiscard]] std::optional<std::string> serialized() const;

  // The database in the form in which in_place() takes it; nullopt when memory ran out.
  [[nodiscard]] std::optional<std::string> laid_out() const;

 private:
  Scanner(const hs_database* database, std::shared_ptr<const void> keeper)
      : database_(database), keeper_(std::move(keeper)) {}

  const hs_database* database_;
  std::shared_ptr<const void> keeper_;  // of the bytes; null: the database is ours
};

}  // namespace headgate::match
