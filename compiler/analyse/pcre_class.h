// What PCRE2's escapes and bracketed classes stand for, byte by byte: \d \x41 [[:alpha:]\n-\r].
//   Errors    throws GiveUp for what is not worth the risk of reading wrongly (\p, \Q in a class, a range from \d).
//   Threads   pure, but for the cursor.
#pragma once

#include "compiler/analyse/cursor.h"
#include "compiler/analyse/regex_tree.h"

namespace headgate::analyse {

// The set of a one-letter class escape (\d \W …); false for other letters.
bool pcre_class_escape(char letter, ByteSet& set);

ByteSet vertical_space();  // what \v matches

// An escape that stands for one byte, in and outside classes; the cursor is behind its letter.
unsigned char pcre_byte_escape(Cursor& cursor, char letter);

// A class; the cursor is behind its `[`.
ByteSet pcre_class(Cursor& cursor, bool caseless);

}  // namespace headgate::analyse
