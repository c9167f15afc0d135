// Scratch: the working memory of one owner: Hyperscan's, grown over every database it scans, and PCRE2's.
//   Lifetime  must outlive no one; a Scanner or Confirmer borrows it for the call.     Threads  one owner, never shared.
//   Errors    reserve() is false when memory ran out: do not scan then, ask the reference engine instead.
//   Cost      about 20 KB plus what the largest database needs. PCRE2's frames are given back after a match that took
//             more than a megabyte, so one hostile line does not stay in the process for ever.
#pragma once

#include <cstddef>
#include <vector>

struct hs_database;
struct hs_scratch;
struct pcre2_real_general_context_8;
struct pcre2_real_match_data_8;

namespace headgate::match {

class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  bool reserve(const hs_database* database);

  [[nodiscard]] hs_scratch* hyperscan() const { return hyperscan_; }

  // Room for `groups` captures besides the whole match; null when memory ran out.
  pcre2_real_match_data_8* match_data(std::size_t groups);
  void trim();

 private:
  hs_scratch* hyperscan_ = nullptr;
  std::vector<const hs_database*> reserved_;
  pcre2_real_general_context_8* memory_ = nullptr;
  pcre2_real_match_data_8* match_data_ = nullptr;
  std::size_t groups_ = 0;
  std::size_t held_bytes_ = 0;  // by PCRE2, counted by our allocator
};

}  // namespace headgate::match
