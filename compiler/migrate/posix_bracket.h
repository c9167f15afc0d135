// posix_bracket: the bytes that a bracket expression of glibc stands for in the C locale: [a-z] []a] [[:alpha:]] [[.-.]] [[=a=]].
//   Errors    throws analyse::GiveUp for what glibc may read in more than one way.     Threads  pure, but for the cursor.
#pragma once

#include "compiler/analyse/posix_tokens.h"

namespace headgate::migrate {

// The cursor is behind the `[`, and then behind the `]`. `newline`: REG_NEWLINE, with which [^x] leaves out \n.
analyse::ByteSet posix_bracket(analyse::PosixTokens& at, bool newline);

}  // namespace headgate::migrate
