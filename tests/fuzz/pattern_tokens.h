// What the bytes of a spelled-out pattern and its key stand for (PatternInput, dialects P and R): a byte is a token, so that
// nearly every mutation is a pattern that compiles and means something else. Left to single bytes, a fuzzer seldom gets
// past one construct at a time, and it is pairs that go wrong: \h* before \S, [^a] where ^ is at a line's start.
//   Threads   constants.
#pragma once

#include <array>
#include <string_view>

namespace headgate::fuzz {

// The first half is for both dialects. Few letters, so that keys match.
constexpr std::array<std::string_view, 64> kCommonTokens = {"a",
                                                            "b",
                                                            "A",
                                                            "B",
                                                            "a",
                                                            "b",
                                                            "1",
                                                            " ",
                                                            "_",
                                                            "-",
                                                            ",",
                                                            "ab",
                                                            ".",
                                                            ".",
                                                            "^",
                                                            "$",
                                                            "*",
                                                            "+",
                                                            "?",
                                                            "*",
                                                            "+",
                                                            "{2}",
                                                            "{0,1}",
                                                            "{1,3}",
                                                            "{2,}",
                                                            "(",
                                                            ")",
                                                            "(",
                                                            ")",
                                                            "|",
                                                            "(a|ab)",
                                                            "(|b)",
                                                            "[^a]",
                                                            "[ab]",
                                                            "[a-c]",
                                                            "[A-b]",
                                                            "[^B]",
                                                            "[]a]",
                                                            "[^]1]",
                                                            "[ -a]",
                                                            "\\w",
                                                            "\\W",
                                                            "\\s",
                                                            "\\S",
                                                            "\\b",
                                                            "\\B",
                                                            "\\.",
                                                            "\\-",
                                                            "\\1",
                                                            "[^ \r]",
                                                            "\xa0",
                                                            "\x85",
                                                            "\xe9",
                                                            "[^\xe9]",
                                                            "[\x80-\xff]",
                                                            "[[:alpha:]]",
                                                            "[[:space:]]",
                                                            "[^[:upper:]]",
                                                            "[[:lower:]1]",
                                                            "[[:punct:]a]",
                                                            "\r",
                                                            "()",
                                                            "a*",
                                                            "b+"};
constexpr std::array<std::string_view, 64> kPcreTokens = {
    "\\d",          "\\D",    "\\h",    "\\H",        "\\v",    "\\V",       "\\R",    "\\N",
    "\\A",          "\\Z",    "\\z",    "\\G",        "\\K",    "\\C",       "\\n",    "\\r",
    "\\x61",        "\\101",  "\\0",    "\\e",        "\\Q",    "\\E",       "\\Qa",   "#",
    "(?i)",         "(?-i)",  "(?s)",   "(?-s)",      "(?m)",   "(?x)",      "(?-x:",  "(?i:",
    "(?:",          "(?:",    "(?>",    "(?=",        "(?!",    "(?<=a)",    "(?<!a)", "(?|",
    "(?#b)",        "(?<n>",  "\\k<n>", "*+",         "++",     "?+",        "*?",     "+?",
    "{2}+",         "{1,3}?", "[\\h]",  "[^\\v]",     "[\\d-]", "[\\x61-c]", "[^\\S]", "[^\\W]",
    "[[:^alpha:]]", "[\\w-]", "(?^:",   "(*ANYCRLF)", "(?U)",   "[\\b1]",    "\\h*",   "\\s*"};
constexpr std::array<std::string_view, 64> kPosixTokens = {
    "\\<",         "\\>",          "\\`",      "\\'",          "\\(",         "\\)",
    "\\{1,2\\}",   "\\|",          "\\+",      "\\?",          "{,2}",        "{,}",
    "{0}",         "{1}",          "*{2}",     "+?",           "\\d",         "\\a",
    "\\n",         "\\B",          "\\]",      "\\}",          "}",           "]",
    "[\\d]",       "[a\\]",        "[a-]",     "[-a]",         "[Z-a]",       "[^-a]",
    "[a^]",        "[$]",          "(^a)",     "(a$)",         "(^|b)",       "(b|$)",
    "^*",          "a**",          "(a*)*",    "(a*)+",        "(a|b)*",      "(ab?)*",
    "(a)(b)?",     "(b*|a)",       "(()b)",    "(a|^)",        "\\w*",        "\\W+",
    "[[.a.]]",     "[[=a=]]",      "[[.-.]]",  "[[:digit:]b]", "[[:cntrl:]]", "[[:xdigit:]]",
    "[[:blank:]]", "[^[:space:]]", "\\(a*\\)", "\\(a\\|b\\)",  "\\(^a\\)",    "a\\{2\\}",
    "*a",          "\\(*",         "a\\|*",    "a^b"};
constexpr std::string_view kKeyTokens = "aabbAB1 _-,\n\r\xa0\x85\xe9";

}  // namespace headgate::fuzz
