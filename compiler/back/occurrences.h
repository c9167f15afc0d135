// Occurrences: in which texts of a sample of mail clauses and rows of byte sets occur: all clauses in one scan, all rows in one.
//   Use       want() all, count() once, then of().
//   Lifetime  borrows the MailSample, the clauses, the rows and the sets of texts.        Threads  one owner.
//   Errors    what no database takes is not `known`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/analyse/byte_row.h"
#include "compiler/analyse/required.h"
#include "compiler/back/database.h"
#include "engine/rules/mail_sample.h"

namespace headgate::back {

struct Occurrence {
  bool known = false;
  std::uint64_t texts = 0;
  std::vector<std::uint32_t>
      some;  // of those texts, by their place in the sample, from all over it
};

class Occurrences {
 public:
  explicit Occurrences(const rules::MailSample& sample);

  // `among`: whether a text of the sample counts; null: all do. Equal wishes have one number.
  std::size_t want(const analyse::Clause& clause, const std::vector<bool>* among);
  std::size_t want(const analyse::ByteRow& row);

  void count(SetCompiler& compiler);

  [[nodiscard]] const Occurrence& of(std::size_t wanted) const { return wanted_[wanted].found; }

 private:
  struct Wanted {
    const analyse::Clause* clause = nullptr;  // or
    const analyse::ByteRow* row = nullptr;
    const std::vector<bool>* among = nullptr;
    Occurrence found;
    std::uint32_t last_text = 0xffffffff;
  };

  void count_literals(SetCompiler& compiler);
  void count_rows();
  void note(Wanted& wanted, std::size_t end);

  std::string block_;                // a newline, and each text with its newline
  std::vector<std::size_t> begins_;  // of the texts; and where the block ends
  std::size_t cursor_ = 0;           // the text of the last hit
  std::vector<Wanted> wanted_;
  std::map<std::pair<analyse::Clause, const std::vector<bool>*>, std::size_t> known_clauses_;
};

}  // namespace headgate::back
