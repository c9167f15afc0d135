#!/usr/bin/env python3
"""The three coroutine rules of docs/style.md §4: g++ 12.2 destroys capturing lambdas and aggregate temporaries in a
statement with co_await twice. (a) none of them, and no ternary, in such a statement; (b) a coroutine is never a capturing
lambda."""
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import source_files

CAPTURING_LAMBDA = re.compile(r"(?<![\w\])])\s*\[[^\]\[]+\]\s*(?:\(|\{|mutable\b|noexcept\b)")
AGGREGATE = re.compile(r"(?:[\w>]|[(,])\s*\{(?!\s*\})")
TERNARY = re.compile(r"\?(?!\?)")
LAMBDA_COROUTINE = re.compile(r"(?<![\w\])])\[[^\]\[]+\]\s*\([^;{}]*\)[^;{}]*->\s*(?:\w+::)*(?:Task|awaitable)\s*<")
# What may stand before the brace of a block (as opposed to an aggregate).
BLOCK_WORDS = ("else", "do", "try", "const", "noexcept", "override", "final", "mutable")


def opens_block(code, brace):
    before = code[:brace].rstrip()
    if not before or before[-1] in ";{})":
        return True
    if re.search(r"->\s*[\w:<>,&*\s]+$", before[-120:]):
        return True  # a function's trailing return type
    word = re.search(r"(\w+)$", before)
    return bool(word) and word.group(1) in BLOCK_WORDS


def statement_around(code, at):
    """from the end of the statement before `at` to the semicolon (or the block's brace) after it"""
    start = at
    while start > 0:
        c = code[start - 1]
        if c == ";" or (c == "{" and opens_block(code, start - 1)):
            break
        if c == "}":  # an aggregate that closed, or the block before
            if re.match(r"\s*[\w]", code[start:at + 1]) and not re.match(r"\s*(?:[),;.]|->)", code[start:at + 1]):
                break
        start -= 1
    end, depth = at, 0
    while end < len(code):
        c = code[end]
        if c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif c == "{" and opens_block(code, end) and depth <= 0:
            break
        elif c == ";" and depth <= 0:
            break
        end += 1
    return start, end


def findings(path, text):
    code = source_files.code_only(text)
    found = []
    for match in re.finditer(r"\bco_await\b", code):
        start, end = statement_around(code, match.start())
        statement = code[start:end]
        for name, pattern in (("a capturing lambda", CAPTURING_LAMBDA), ("an aggregate temporary", AGGREGATE),
                              ("a ternary", TERNARY)):
            if pattern.search(statement):
                found.append("%s:%d: %s in a statement with co_await: %s" % (
                    path, source_files.line_of(code, match.start()), name, " ".join(statement.split())[:120]))
    for match in LAMBDA_COROUTINE.finditer(code):
        found.append("%s:%d: a capturing lambda is a coroutine" % (path, source_files.line_of(code, match.start())))
    return found


class CoAwait(unittest.TestCase):
    def test_sources(self):
        found = []
        for path in source_files.files(("smtpd", "tests")):
            found += findings(path, source_files.read(path))
        self.assertEqual([], found, "\n" + "\n".join(found))

    def test_the_lint_sees_what_it_should(self):
        bad = ["co_await f([&] { return 1; });", "co_await f(S{1, 2});", "co_await f({1, 2});", "auto x = co_await f(a, {1});",
               "x = ok ? co_await f() : 0;", "auto t = [&](int a) -> Task<void> { co_return; };"]
        good = ["co_await f(a + b, C(x));", "if (!(co_await f())->ok()) { g(S{1}); }", "co_await f();\nT t{1};",
                "void g() { S s{1}; co_await f(s); }", "while (true) { co_await f(a[1]); }",
                "Task<void> f() { co_await g(); }", "h(S{1});\nco_await f();", "if (x) { y(); }\nco_await f();"]
        for text in bad:
            self.assertTrue(findings("bad", text), text)
        for text in good:
            self.assertEqual([], findings("good", text), text)


if __name__ == "__main__":
    unittest.main()
