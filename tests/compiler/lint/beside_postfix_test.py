#!/usr/bin/env python3
"""beside_postfix_test.py HEADGATE: what `headgate lint` says of a table, beside postmap.

Every warning of postmap's is an error of the linter's on the same line; every line that it suggests, put in the place of the old
one, opens without a warning of postmap's about it; and a rule that is said never to win wins for none of some thousand keys. Also over the tables of the
shared corpus, where HEADGATE_SHARED names it. Exit 77 where postmap is not installed."""
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

TABLE = r"""/low/cost dining/ REJECT
/foo/REJECT no
/bar/iREJECT no
/cash/ REJECT over $1000
/cash (now)/ REJECT $0 and $2
/money/ REJECT $0
!/(good)/ REJECT $1
/no end REJECT here
/what end
/a(b/ REJECT
/a/q OK
/a/X OK
  /indented/ REJECT
Subject: REJECT
if /^X-/
  /swallowed/ REJECT
/x/ OK
endif # of X
endif
/^Received:.*example.com.*/ REJCT
/viarga*/i REJECT: no
/^Subject:.*spam/ REJECT
/^Subject:.*spammer/ DISCARD
/^Subject: get $1000/ REJECT
if /^From:/
if /^Subject:/
/never/ REJECT
endif
/^To: never/ REJECT
/z/ REJECT $1
/[\w.]+@/ OK
/\d+x/ OK
/empty/
if /(/
/./ DUNNO
/behind/ REJECT
endif
if /open/
"""
NEVER = {"duplicate-rule", "duplicate-pattern", "shadowed-rule", "unreachable-rule", "impossible-rule", "impossible-pattern"}
WARNING = re.compile(r"map \S+, line (\d+): ")


def main():
    headgate = os.path.abspath(sys.argv[1])
    if shutil.which("postmap") is None:
        print("postmap is not installed: skipped")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        open(os.path.join(scratch, "main.cf"), "w").close()
        beside = Beside(headgate, scratch)
        for dialect in ("pcre", "regexp"):
            beside.check(dialect, TABLE.encode(), "the table of this test")
            shared = os.environ.get("HEADGATE_SHARED", "")
            for path in sorted(glob.glob(shared + "/corpus/tables/dev/*")) if shared else []:
                with open(path, "rb") as f:
                    beside.check(dialect, f.read(), path)
        print("%d tables, %d warnings, %d suggestions, %d rules that never win, %d failures" %
              (beside.tables, beside.warnings, beside.suggestions, beside.never, beside.failures))
        return 1 if beside.failures or not beside.suggestions or not beside.never else 0


class Beside:
    def __init__(self, headgate, scratch):
        self.headgate, self.scratch = headgate, scratch
        self.tables = self.warnings = self.suggestions = self.never = self.failures = 0

    def fail(self, where, text):
        self.failures += 1
        print("%s: %s" % (where, text))

    def put(self, text):
        path = os.path.join(self.scratch, "table")
        with open(path, "wb") as f:
            f.write(text)
        return path

    def warned(self, dialect, text):
        """lines that postmap warns of; complaints without one count for all of them: line 0"""
        path = self.put(text)
        run = subprocess.run(["postmap", "-c", self.scratch, "-q", "no such key", "%s:%s" % (dialect, path)], capture_output=True)
        lines = set()
        for line in run.stderr.decode("utf-8", "replace").splitlines():
            found = WARNING.search(line)
            if found:
                lines.add(int(found.group(1)))
        return lines

    def lint(self, dialect, text):
        path = self.put(text)
        run = subprocess.run([self.headgate, "--json", "lint", "%s:%s" % (dialect, path)], capture_output=True)
        assert run.returncode in (0, 65), run.stderr
        return json.loads(run.stdout)["tables"][0]["findings"]

    def check(self, dialect, text, name):
        where = "%s:%s" % (dialect, name)
        self.tables += 1
        findings = self.lint(dialect, text)
        warned = self.warned(dialect, text)
        errors = {f["line"] for f in findings if f["level"] == "error"}
        self.warnings += len(warned)
        for line in warned - errors:
            self.fail(where, "postmap warns of line %d, lint does not" % line)
        lines = text.split(b"\n")
        # A guard that is cured brings others to life: each suggestion is tried alone.
        tried = [f for f in findings if "suggestion" in f and "\ufffd" not in f["suggestion"]]
        random.Random(5).shuffle(tried)
        for finding in tried[:40]:
            cured = list(lines)
            cured[finding["line"] - 1] = finding["suggestion"].encode()
            self.suggestions += 1
            if finding["line"] in self.warned(dialect, b"\n".join(cured)):
                self.fail(where, "postmap warns of the suggested line %r" % finding["suggestion"])
        self.check_never(dialect, text, where, {f["line"] for f in findings if f["rule"] in NEVER})

    def check_never(self, dialect, text, where, never):
        """Each rule says its line; the keys are pieces of the table itself."""
        lines = text.decode("latin-1").split("\n")
        keys = {re.sub(r"\\(.)", r"\1", k)[:200] for l in lines for k in re.findall(r"[^/^$]{3,}", l)}
        for line in sorted(never):
            self.never += 1
            rule = re.match(r"!?/.*?(?<!\\)/[a-zA-Z]*(?=\s|$)", lines[line - 1])
            if rule:
                lines[line - 1] = rule.group(0) + " NEVER-%d" % line
        if not never:
            return
        keys = [k for k in sorted(keys) if k.isascii() and k.isprintable()]
        keys += ["Subject: " + k for k in keys] + ["From: x " + k + " y" for k in keys]
        path = self.put("\n".join(lines).encode("latin-1"))
        run = subprocess.run(["postmap", "-c", self.scratch, "-q", "-", "%s:%s" % (dialect, path)],
                             input="\n".join(keys).encode(), capture_output=True)
        won = set(re.findall(rb"\tNEVER-(\d+)$", run.stdout, re.M))
        for line in won:
            self.fail(where, "line %d wins in postmap, but lint says that it never does" % int(line))


sys.exit(main())
