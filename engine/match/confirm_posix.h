// glibc's regcomp and regexec as Postfix uses them for regexp: tables.
// `groups_wanted` is part of the compiled pattern because Postfix passes exactly so many slots to regexec, and glibc
// takes different paths through its matcher with and without them.
//   Threads   one at a time matches a pattern (regexec has a lock in it anyway); correct from several, not fast.
//   Cost      the memory of a match stays with the pattern for some milliseconds of matching; then it is compiled anew,
//             which costs 5 % of the time (more for patterns that take 5 ms and longer to compile). A pattern keeps about
//             3 MB between two ordinary texts; a single long text can need more while it is matched, and without memory
//             for a fresh pattern the old one grows on.
//   Source    dict_regexp(3) of Postfix 3.7.
#pragma once

#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "engine/match/confirm.h"

namespace headgate::match {

// The defaults are those of a regexp: table.
struct PosixOptions {
  bool extended = true;
  bool ignore_case = true;
  bool newline = false;    // REG_NEWLINE
  bool no_groups = false;  // REG_NOSUB
};

// As regcomp() takes them.
int regcomp_flags(const PosixOptions& options);

tl::expected<std::shared_ptr<const Confirmer>, PatternError> compile_posix(
    const std::string& pattern, const PosixOptions& options, std::size_t groups_wanted);

}  // namespace headgate::match
