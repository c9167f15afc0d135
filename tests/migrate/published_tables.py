#!/usr/bin/env python3
"""Every published table of the shared corpus through `headgate migrate`: regexp: to pcre:, and grouped. No crash, no different
answer on texts near the patterns and on mail, no warning of the real postmap that the old table did not give, and what is
grouped once stays as it is.

  published_tables.py HEADGATE [--every N] [--limit SECONDS] [--jobs N] [--no-groups]
  published_tables.py HEADGATE --verdicts

--every N: of the mail every Nth message (default 60; 1 = all). --limit: seconds a table may be compared on mail.
--verdicts: what the tables make of all of the mail, by `headgate diff`, instead of every header and line by both engines.
The corpus lies in $HEADGATE_SHARED. Exit 77: it or postmap is not here."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77


def skip(why):
    print("skipped: " + why)
    sys.exit(SKIPPED)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, errors="replace")


def sample(folder, every, target):
    """One mbox of every Nth message."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    with open(target, "wb") as out:
        for path in files[::every]:
            data = path.read_bytes().replace(b"\r\n", b"\n")
            if data.startswith(b"From "):
                data = data.partition(b"\n")[2]
            data = re.sub(rb"(?m)^From ", b">From ", data)
            out.write(b"From x@example.com Thu Jan  1 00:00:00 2026\n" + data + b"\n\n")
    return len(files[::every])


class Table:
    def __init__(self, options, scratch, mail, path):
        self.options, self.mail, self.path = options, mail, path
        self.scratch = scratch / path.name
        self.scratch.mkdir()
        self.problems = []
        self.compared = self.decided = 0  # messages by verdicts()

    def migrate(self, spec, out, *how):
        done = run(self.options.headgate, "migrate", spec, *how, "-o", str(out), "--json")
        if done.returncode not in (0, 65) or not done.stdout:
            self.problems.append("exit %d: %s" % (done.returncode, done.stderr[-300:]))
            return None
        report = json.loads(done.stdout)
        for difference in report["differences"][:3]:
            self.problems.append("%s: %s" % (" ".join(how[:2]), difference))
        return report

    def verdicts(self, old, new):
        """What becomes of whole messages, by all of their headers and lines."""
        if not self.options.verdicts:
            return
        done = run(self.options.headgate, "diff", old, new, "-h", "-b", "--corpus", self.mail, "--json")
        if done.returncode not in (0, 1):
            self.problems.append("diff, exit %d: %s" % (done.returncode, done.stderr[-300:]))
            return
        report = json.loads(done.stdout)
        self.compared += report["messages"]
        self.decided += report["messages"] - report["outcomes"]["old"]["pass"]
        for change in report["changes"][:3]:
            self.problems.append("%s: %s" % (new, change))

    def warnings(self, spec):
        told = run("postmap", "-c", str(self.scratch / "empty"), "-q", "x", spec).stderr
        return {re.sub(r"^.*?line \d+: ", "", line) for line in told.splitlines() if "warning" in line}

    def check(self):
        (self.scratch / "empty").mkdir()
        (self.scratch / "empty" / "main.cf").write_text("")
        out, once, twice = (self.scratch / name for name in ("out", "once", "twice"))
        on_mail = () if self.options.verdicts else ("--corpus", self.mail, "--limit", str(self.options.limit))
        report = self.migrate("regexp:%s" % self.path, out, "--to", "pcre", *on_mail)
        if report is None:
            return None
        if not out.exists():  # nothing would be in force
            out.write_text("")
        self.verdicts("regexp:%s" % self.path, "pcre:%s" % out)
        for warning in self.warnings("pcre:%s" % out) - self.warnings("regexp:%s" % self.path):
            self.problems.append("postmap says now: " + warning)
        for dialect in () if self.options.no_groups else ("pcre", "regexp"):
            once.unlink(missing_ok=True)
            grouped = self.migrate("%s:%s" % (dialect, self.path), once, "--group", *on_mail)
            if grouped is not None and not once.exists():
                if any(rule["certainty"] != "left" and rule["kind"] == "rule" for rule in grouped["rules"]):
                    self.problems.append("%s: grouped, it was not written" % dialect)
                continue
            self.verdicts("%s:%s" % (dialect, self.path), "%s:%s" % (dialect, once))
            again = self.migrate("%s:%s" % (dialect, once), twice, "--group")
            if grouped is None or again is None:
                continue
            if once.read_bytes() != twice.read_bytes():
                self.problems.append("%s: grouped again it is another table" % dialect)
            new = self.warnings("%s:%s" % (dialect, once)) - self.warnings("%s:%s" % (dialect, self.path))
            for warning in new:
                self.problems.append("%s: postmap says of the groups: %s" % (dialect, warning))
            report["groups_" + dialect] = len(grouped["groups"])
        return report


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("headgate")
    parser.add_argument("--every", type=int, default=60)
    parser.add_argument("--limit", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-groups", action="store_true")
    parser.add_argument("--verdicts", action="store_true")
    options = parser.parse_args()
    if options.verdicts:
        options.every = 1
    if not os.environ.get("HEADGATE_SHARED"):
        skip("set HEADGATE_SHARED to the folder with the corpus")
    corpus = pathlib.Path(os.environ["HEADGATE_SHARED"]) / "corpus"
    tables = sorted(p for p in (corpus / "tables" / "dev").glob("*") if p.is_file())
    if not tables:
        skip("there are no tables in %s" % corpus)
    if not shutil.which("postmap"):
        skip("postmap is not installed")
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        mail = str(scratch / "mail.mbox")
        messages = sample(corpus / "mail" / "dev", options.every, mail)
        sums = dict.fromkeys(("proven", "tested", "left", "made_subjects", "corpus_subjects", "groups_pcre", "groups_regexp"), 0)
        bad = compared = decided = 0
        def check(path):
            table = Table(options, scratch, mail, path)
            return table, table.check()
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for table, report in pool.map(check, tables):
                for name in sums:
                    sums[name] += (report or {}).get(name, 0)
                for rule in (report or {}).get("rules", []):
                    if rule["certainty"] != "proven":
                        print("%s, line %d: %s: %s: %s" % (table.path.name, rule["line"], rule["certainty"], rule["before"][:80], rule["why"][:160]))
                for problem in table.problems:
                    print("WRONG %s: %s" % (table.path.name, problem))
                bad += 1 if table.problems else 0
                compared += table.compared
                decided += table.decided
        if options.verdicts:
            print("%d verdicts compared; %d were not to let the message pass" % (compared, decided))
        print("%d tables, %d messages: %s; %d tables with something wrong" % (
            len(tables), messages, ", ".join("%s %d" % item for item in sums.items()), bad))
        return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
