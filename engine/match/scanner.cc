// How it works: patterns are compiled with SINGLEMATCH, so the callback runs at most once a pattern and text.
// An empty text is not scanned: no pattern that can match the empty text is ever put into a database.
// Tested by tests/engine/match/scanner_test.cc.
#include "engine/match/scanner.h"

#include <limits>

#include <hs/hs.h>

#include "engine/match/scratch.h"

namespace headgate::match {

namespace {

int on_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
  static_cast<Candidates*>(context)->set(id);
  return 0;
}

}  // namespace

Scanner::~Scanner() { hs_free_database(database_); }

bool Scanner::scan(std::string_view text, Scratch& scratch, Candidates& candidates) const {
  if (text.empty()) return true;
  if (text.size() > std::numeric_limits<unsigned>::max()) return false;
  if (!scratch.reserve(database_)) return false;
  return hs_scan(database_, text.data(), static_cast<unsigned>(text.size()), 0, scratch.hyperscan(),
                 on_match, &candidates) == HS_SUCCESS;
}

std::size_t Scanner::size_bytes() const {
  std::size_t size = 0;
  return hs_database_size(database_, &size) == HS_SUCCESS ? size : 0;
}

}  // namespace headgate::match
