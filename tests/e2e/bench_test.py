#!/usr/bin/env python3
"""`headgate bench` as people run it: generated tables and mail, a page that any XML parser reads, figures whose counts are
the same twice, a progress bar on a terminal and nowhere else."""
import json
import os
import pty
import re
import select
import subprocess
import sys
import tarfile
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

HEADGATE = os.environ["HEADGATE"]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATIENCE = 3 * int(os.environ.get("HEADGATE_PATIENCE", "60"))
SVG = "{http://www.w3.org/2000/svg}svg"

# What must not become markup, and what the peers cannot take.
ODD_RULES = '/<b>&"quoted"<\\/b>/ REJECT <no> & "yes"\n/(a|b)(?=c)\\1x/ WARN odd\n!/^./ DUNNO\n/na\xefve \x01/ WARN bytes\n'


def without_times(value):
    if isinstance(value, dict):
        return {name: without_times(one) for name, one in value.items() if name != "times"}
    if isinstance(value, list):
        return [without_times(one) for one in value]
    return value


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        generate = os.path.join(ROOT, "bench", "data", "generate.py")
        subprocess.run([sys.executable, generate, cls.path("data"), "--rules", "40", "--messages", "60", "--eml"], check=True,
                       stdout=subprocess.DEVNULL)
        with open(cls.path("odd"), "w", encoding="latin-1") as out:
            out.write(ODD_RULES)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    def run_bench(self, *arguments, corpus="data/mail.mbox"):
        return subprocess.run([HEADGATE, "bench", *arguments, "--corpus", self.path(corpus), "--runs", "2", "--limit", "60"],
                              capture_output=True, text=True, timeout=PATIENCE)

    def document(self, *arguments, corpus="data/mail.mbox"):
        done = self.run_bench(*arguments, "--json", self.path("out.json"), corpus=corpus)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        with open(self.path("out.json"), encoding="utf-8") as f:
            return json.load(f)

    def test_the_page_is_well_formed_and_self_contained(self):
        done = self.run_bench("pcre:" + self.path("data/body_40.if.pcre"), "pcre:" + self.path("odd"), "-b", "--report",
                              self.path("out.html"))
        self.assertEqual(0, done.returncode, done.stderr)
        with open(self.path("out.html"), encoding="utf-8") as f:
            page = f.read()
        tree = ElementTree.fromstring(page)
        drawings = list(tree.iter(SVG))
        self.assertGreaterEqual(len(drawings), 6)
        for drawing in drawings:
            self.assertRegex(drawing.get("viewBox"), r"^0 0 \d+ \d+$")
            self.assertGreater(len(list(drawing)), 3)
        text = "".join(tree.itertext())
        self.assertIn('<b>&"quoted"<\\/b>', text)
        self.assertIn("MB of text a second of CPU time", text)
        for element in tree.iter():
            self.assertFalse({"src", "href", "onload"} & set(element.keys()), element.tag)
            self.assertNotIn(element.tag, ("script", "link", "img", "iframe"))
        self.assertIsNone(re.search(r"url\(|@import", "".join(style.text for style in tree.iter("style"))))
        numbers = [value for element in tree.iter() for name, value in element.items() if name in ("x", "y", "x1", "y2", "points")]
        numbers += ["".join(cell.itertext()) for cell in tree.iter("td") if cell.get("class") == "n"]
        for number in numbers:
            self.assertNotRegex(number, "nan|inf")

    def test_the_same_seed_and_corpus_give_the_same_counts(self):
        table = "pcre:" + self.path("data/head_40.if.pcre")
        one, two = self.document(table, "--seed", "5"), self.document(table, "--seed", "5")
        self.assertEqual(without_times(one), without_times(two))
        self.assertEqual("headers", one["tables"][0]["keys"])
        for engine in one["tables"][0]["engines"]:
            self.assertNotEqual(False, engine.get("agrees"), engine)

    def test_every_kind_of_corpus_has_the_same_counts(self):
        with tarfile.open(self.path("eml.tgz"), "w:gz") as archive:
            archive.add(self.path("data/eml"), "mail")
        with tarfile.open(self.path("eml.tar"), "w") as archive:
            archive.add(self.path("data/eml"), "a-rather-long-name" * 8)
        table = "pcre:" + self.path("data/body_40.pcre")
        found = []
        for corpus in ("data/mail.mbox", "data/eml", "eml.tgz", "eml.tar"):
            document = self.document(table, "--engines", "headgate", corpus=corpus)
            document["corpus"].pop("paths")
            found.append((document["corpus"], document["tables"][0]["hits"]))
        for other in found[1:]:
            self.assertEqual(found[0], other)

    def test_bad_input_is_told(self):
        done = self.run_bench("pcre:" + self.path("missing"))
        self.assertEqual(66, done.returncode)
        self.assertRegex(done.stderr, r"^headgate: fatal: open .*missing: No such file or directory\n$")
        done = self.run_bench("pcre:" + self.path("odd"), corpus="nowhere")
        self.assertEqual(66, done.returncode)
        done = self.run_bench("pcre:" + self.path("odd"), "--runs", "none")
        self.assertEqual(64, done.returncode)
        self.assertTrue(done.stderr.startswith("headgate: fatal: "))

    def test_a_terminal_has_a_progress_bar(self):
        ours, theirs = pty.openpty()
        process = subprocess.Popen([HEADGATE, "bench", "pcre:" + self.path("data/body_40.pcre"), "--corpus",
                                    self.path("data/mail.mbox"), "--runs", "12"], stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        shown = b""
        while True:
            try:
                ready, _, _ = select.select([ours], [], [], PATIENCE)
                data = os.read(ours, 4096) if ready else b""
            except OSError:  # the other end is closed
                data = b""
            if not data:
                break
            shown += data
        os.close(ours)
        self.assertEqual(0, process.wait(PATIENCE))
        self.assertRegex(shown, rb"\[#*\.*\] +\d+ %")
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown[-80:])


if __name__ == "__main__":
    unittest.main()
