// Scanner: one Hyperscan block-mode database. A scan of a text tells of the ids that match in it; what they stand for, and
// what it means that one is not told of, is known by whoever compiled the database.
//   Units     ids as compiled; offsets are bytes of the text.
//   Ownership owns the database, or uses it where it lies, in a mapped image that it keeps.
//   Threads  immutable; scan() needs the caller's own Scratch.
//   Errors    scan() is false when Hyperscan failed: then nothing is known, ask the reference engine for everything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

struct hs_database;

namespace headgate::match {

class Scratch;

// As Hyperscan calls it: the id of a pattern, 0, the offset behind its match, 0, the context. 0 goes on.
using OnMatch = int (*)(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                        void* context);

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

  // Once a Scratch, before it is used to scan; false: no memory.
  [[nodiscard]] bool reserve(Scratch& scratch) const;

  [[nodiscard]] bool scan(std::string_view text, Scratch& scratch, OnMatch on_match,
                          void* context) const;

  // The ids that match, for tests and such; nullopt: scan() failed.
  [[nodiscard]] std::optional<std::set<unsigned>> ids_in(std::string_view text,
                                                         Scratch& scratch) const;

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
