#!/usr/bin/env python3
"""Docs that cannot rot: commands that the README names exist, files that docs name exist, every parameter of the table in
smtpd/config/params.cc stands in docs/compat.md, and nothing committed names a path of somebody's machine."""
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import source_files

ROOT = source_files.ROOT


def documents():
    yield "README.md"
    for folder, _, names in os.walk(os.path.join(ROOT, "docs")):
        for name in sorted(names):
            if name.endswith(".md"):
                yield os.path.relpath(os.path.join(folder, name), ROOT)


class Docs(unittest.TestCase):
    def test_dev_verbs_exist(self):
        verbs = set(re.findall(r"^  (\w+)\)", source_files.read("dev"), re.M))
        for path in documents():
            for verb in re.findall(r"\./dev (\w+)", source_files.read(path)):
                self.assertIn(verb, verbs, "%s names ./dev %s" % (path, verb))

    def test_subcommands_exist(self):
        headgate = os.environ.get("HEADGATE")
        if not headgate:
            self.skipTest("HEADGATE names no program")
        known = set(re.findall(r"^  (\w+)", subprocess.run([headgate, "help"], capture_output=True, text=True).stdout, re.M))
        for block in re.findall(r"```sh\n(.*?)```", source_files.read("README.md"), re.S):
            for name in re.findall(r"headgate ([a-z]+)", block):
                self.assertIn(name, known, "README.md names headgate %s" % name)

    def test_links_lead_somewhere(self):
        for path in documents():
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", source_files.read(path)):
                place = os.path.join(ROOT, os.path.dirname(path), target)
                self.assertTrue(os.path.exists(place), "%s links to %s" % (path, target))

    def test_every_parameter_is_in_compat(self):
        compat = source_files.read("docs/compat.md")
        names = re.findall(r'\{\s*"([a-z][a-z0-9_]+)"', source_files.read("smtpd/config/params.cc"))
        self.assertGreater(len(names), 50)
        missing = [name for name in names if not re.search(r"\b%s\b" % name, compat)]
        self.assertEqual([], missing)

    def test_every_finding_of_lint_is_in_its_page(self):
        page = source_files.read("docs/lint.md")
        kinds = re.findall(r'^    \{"([a-z-]+)", k(\w+),', source_files.read("compiler/lint/catalogue.cc"), re.M) + \
            re.findall(r'^    \{"([a-z-]+)", FindingLevel::(\w+),', source_files.read("smtpd/cli/lint_plain.cc"), re.M)
        self.assertGreater(len(kinds), 30)
        missing = [name for name, level in kinds if "| `%s` | %s |" % (name, level.lower()) not in page]
        self.assertEqual([], missing)

    def test_no_path_of_a_machine(self):
        try:
            tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest("not a git checkout")
        pattern = re.compile(rb"/(?:work|farm)/(?:main|shared)|/root/")
        for path in tracked.stdout.splitlines():
            if path.startswith("tests/lint/"):
                continue
            with open(os.path.join(ROOT, path), "rb") as f:
                self.assertIsNone(pattern.search(f.read()), path)


if __name__ == "__main__":
    unittest.main()
