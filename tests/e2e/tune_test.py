#!/usr/bin/env python3
"""`headgate compile --tune`: plans are tried on real mail, the fastest is kept where the server finds it, a later `compile`
keeps it, and no answer changes."""

import json
import os
import pathlib
import re
import smtplib
import subprocess
import sys
import time
import unittest

from compiled_tables import ALONE, images, is_valid, litter
from headgate_server import Server, headgate
from images_test import CHECKS, judge

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("HEADGATE_SHARED", "/nowhere")) / "corpus"
PATIENCE = 5 * int(os.environ.get("HEADGATE_PATIENCE", 60))
# Many lines of the mail have what a guess takes for rare, and the bytes that the spelled-out words need.
TABLE = ("/zqxzqjkwvzqx.*never here/ REJECT tuned $$\n/last line of ([0-9]+)/ WARN line $1\n"
         "/v[^a-z]?[i1!][^a-z]?[a@][^a-z]?g[^a-z]?ra/ HOLD\n/c[^a-z]?[i1!][^a-z]?[a@][^a-z]?l[^a-z]?is/ HOLD\n")


def mail(messages):
    return "".join(f"From a@b Thu Jan  1 00:00:00 1970\nSubject: message {i}\n\nzqxzqjkwvzqx is written here\nand zqxzqjkwvzqx again in our village scale\n"
                   f"last line of {i}\n\n" for i in range(messages))


class Tune(unittest.TestCase):
    def setUp(self):
        self.server = Server(ALONE + "body_checks = pcre:$config_directory/table\nheader_checks = pcre:$config_directory/checks\n",
                             files={"table": TABLE, "checks": CHECKS}, start=False)
        self.addCleanup(self.server.__exit__, None, None, None)
        self.table = f"pcre:{self.server.config}/table"
        self.mail = self.server.directory / "mail.mbox"
        self.mail.write_text(mail(200))

    def tune(self, *arguments, corpus=None, code=0):
        done = self.server.run(*arguments, "--tune", str(corpus or self.mail))
        self.assertEqual(code, done.returncode, done.stderr)
        return done

    def facts(self, *arguments):
        done = self.server.run("--json", "compile", *arguments, self.table)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        return json.loads(done.stdout)

    def verdicts(self):
        done = self.server.run("--json", "match", str(self.mail))
        self.assertEqual("", done.stderr)
        return done.stdout

    def test_what_is_kept_is_told_and_used(self):
        cold = self.verdicts()
        self.facts()
        guessed = self.verdicts()
        done = self.tune("compile", self.table, "--runs", "3")
        self.assertEqual("", done.stderr)
        self.assertIn("measured on 300 body lines (by the look of its patterns) (", done.stdout)
        tried = ["guessed", "measured", "measured, without own spellings"]
        if not re.search(r"\n  measured  .* 0 rows", done.stdout):  # on a busy machine none may have seemed worth it
            tried.append("measured, without rows")
        for name in tried:
            self.assertRegex(done.stdout, rf"\n  {name} +[0-9.]+ ns a byte +[0-9.]+\.\.[0-9.]+ ")
        self.assertEqual(1, done.stdout.count("  kept\n"))
        self.assertEqual([True], [is_valid(image) for image in images(self.server)])
        self.assertEqual([], litter(self.server))
        self.assertEqual([cold, cold], [guessed, self.verdicts()])

    def test_a_later_compile_and_the_server_keep_it(self):
        document = self.facts("--tune", str(self.mail), "--runs", "3")
        kept = next(t for t in document["tune"]["tried"] if t["name"] == document["tune"]["kept"])
        self.assertEqual(kept["measured"], document["measured"])
        before = images(self.server)[0].read_bytes()
        self.assertEqual(document["measured"], self.facts()["measured"])
        self.assertEqual(0, self.server.run("compile", "--all").returncode)
        self.assertIn(before, [image.read_bytes() for image in images(self.server)])
        self.server.start()
        judge(self, self.server)
        with self.server.client() as smtp, self.assertRaisesRegex(smtplib.SMTPDataError, r"tuned \$"):
            smtp.sendmail("a@b.example", ["me@here.example"], "Subject: y\n\nzqxzqjkwvzqx was, and never here\n")

    def test_a_changed_table_has_another_image(self):
        self.facts("--tune", str(self.mail), "--runs", "2")
        self.server.write("table", TABLE + "/more/ WARN\n")
        self.assertFalse(self.facts()["measured"])

    def test_measured_figures_are_shown(self):
        for _ in range(5):  # the clock decides what is kept
            if self.facts("--tune", str(self.mail), "--runs", "3")["measured"]:
                break
        else:
            self.skipTest("the guess was the fastest each time")
        pattern = self.facts()["patterns"][0]
        self.assertEqual(["never here"], pattern["block"]["literals"])
        shown = self.server.run("compile", "--explain", self.table).stdout
        self.assertRegex(shown, r"\nfor all patterns, ns a byte: [0-9.]+ in any text \(guessed\), [0-9.]+ in body lines \(measured\)")

    def test_headers(self):
        done = self.tune("compile", f"pcre:{self.server.config}/checks", "-h", "--runs", "2")
        self.assertRegex(done.stdout, r"measured on \d+ headers")
        self.assertNotIn("without rows", done.stdout)

    def test_all_tables_are_tuned_for_what_they_are_looked_up_with(self):
        self.server.write("checks", "/zqxzqjkwvzqx/ WARN\n/message 7/ HOLD\n")  # looks like one for body lines
        done = self.tune("compile", "--all", "--runs", "2")
        self.assertRegex(done.stdout, r"/table: measured on \d+ body lines \(\d")
        self.assertRegex(done.stdout, r"/checks: measured on \d+ headers \(\d")

    def test_mail_is_not_left_behind(self):
        environment = dict(os.environ, TMPDIR=str(self.server.directory / "tmp"), MAIL_CONFIG=str(self.server.config))
        (self.server.directory / "tmp").mkdir()
        command = [headgate(), "compile", self.table, "--tune", str(self.mail), "--runs", "1000"]
        tuning = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(tuning.wait)
        self.addCleanup(tuning.kill)
        deadline = time.monotonic() + PATIENCE
        while not list((self.server.directory / "tmp").glob("*/1/*.image")):  # the measured plan has been built
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        tuning.kill()
        tuning.wait()
        left = [path for path in (self.server.directory / "tmp").rglob("*") if path.is_file()]
        self.assertEqual([], [path for path in left if b"is written here" in path.read_bytes()])
        self.assertEqual([], images(self.server))
        subprocess.run([headgate(), "compile", self.table, "--tune", str(self.mail), "--runs", "1"], env=environment, check=True,
                       stdout=subprocess.DEVNULL)
        self.assertEqual([], list((self.server.directory / "tmp").iterdir()))

    def test_bad_corpora_are_told(self):
        def fatal(corpus, code, text, *arguments):
            done = self.tune("compile", self.table, *arguments, corpus=corpus, code=code)
            self.assertRegex(done.stderr, f"^headgate: fatal: {text}")
            self.assertEqual("", done.stdout)

        directory = self.server.directory
        fatal(directory / "missing", 66, "open .*missing: No such file or directory\n$")
        (directory / "empty").write_text("")
        fatal(directory / "empty", 66, ".*empty: there are no messages\n$")
        (directory / "damaged.gz").write_bytes(b"\x1f\x8b\x08\x00nonsense")
        fatal(directory / "damaged.gz", 66, ".*damaged.gz")
        (directory / "headers").write_text("Subject: x\nFrom: y\n\n")
        fatal(directory / "headers", 66, ".*table: the mail has no body lines to measure on\n$")
        fatal(self.mail, 64, "", "-h", "-b")
        done = self.server.run("compile", self.table, "--runs", "3")
        self.assertEqual(64, done.returncode)
        self.assertEqual([], images(self.server))

    def test_generated_and_real_tables_answer_as_before(self):
        generate = ROOT / "bench" / "data" / "generate.py"
        data = self.server.directory / "data"
        subprocess.run([sys.executable, generate, data, "--rules", "40", "--messages", "40"], check=True, stdout=subprocess.DEVNULL)
        for table, kind in ("body_40.if.pcre", "body"), ("head_40.if.regexp", "header"), ("body_40.regexp", "body"):
            self.compare(f"{'pcre' if table.endswith('pcre') else 'regexp'}:{data}/{table}", kind, data / "mail.mbox")

    @unittest.skipUnless((SHARED / "rules" / "header_checks.pcre").exists(), "there are no real tables")
    def test_real_headers(self):
        self.compare(f"pcre:{SHARED}/rules/header_checks.pcre", "header", SHARED / "mail" / "dev" / "enmime")

    def compare(self, table, kind, corpus):
        command = [headgate(), "--json", "match", f"--{kind}-checks", table, str(corpus)]
        environment = dict(os.environ, XDG_CACHE_HOME=str(self.server.directory / "cache"))
        environment.pop("MAIL_CONFIG", None)

        def run(*arguments):
            done = subprocess.run(arguments, capture_output=True, timeout=PATIENCE, env=environment)
            self.assertEqual(0, done.returncode, done.stderr)
            return done.stdout

        before = run(*command)
        run(headgate(), "compile", f"-{kind[0]}", table, "--tune", str(corpus), "--runs", "2", "--limit", "30")
        self.assertTrue(list((self.server.directory / "cache" / "headgate").glob("*.image")))
        self.assertEqual(before, run(*command))


if __name__ == "__main__":
    unittest.main()
