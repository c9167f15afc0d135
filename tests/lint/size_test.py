#!/usr/bin/env python3
"""Sizes that keep the house readable: a file is warned about at 400 lines and fails at 600 (tables of data and tests
excepted), a room's README has at most 40 lines, and the top level holds only what belongs there."""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import source_files

WARN_LINES, FAIL_LINES, README_LINES = 400, 600, 40
TABLES_OF_DATA = ("smtpd/config/params.cc", "smtpd/config/known_params.cc")
TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "bench", "compiler", "dev", "docs", "engine",
             "smtpd", "tables", "tests"}


class Size(unittest.TestCase):
    def test_files(self):
        too_long = []
        for path in source_files.files(("engine", "compiler", "tables", "smtpd")):
            lines = source_files.read(path).count("\n")
            if path in TABLES_OF_DATA:
                continue
            if lines > FAIL_LINES:
                too_long.append("%s: %d lines" % (path, lines))
            elif lines > WARN_LINES:
                print("warning: %s: %d lines" % (path, lines))
        self.assertEqual([], too_long)

    def test_every_room_has_a_short_readme(self):
        wrong = []
        for tree in ("engine", "compiler", "tables", "smtpd", "tests", "bench"):
            for folder, _, names in os.walk(os.path.join(source_files.ROOT, tree)):
                room = os.path.relpath(folder, source_files.ROOT)
                depth = room.count("/")
                if depth > 1 or (tree == "tests" and depth > 0) or not any(n.endswith((".cc", ".h")) for n in names):
                    continue
                readme = os.path.join(folder, "README.md")
                if not os.path.exists(readme):
                    wrong.append("%s has no README.md" % room)
                elif source_files.read(os.path.relpath(readme, source_files.ROOT)).count("\n") > README_LINES:
                    wrong.append("%s/README.md is longer than %d lines" % (room, README_LINES))
        self.assertEqual([], wrong)

    def test_top_level(self):
        try:
            tracked = subprocess.run(["git", "ls-files"], cwd=source_files.ROOT, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest("not a git checkout")
        top = {line.split("/")[0] for line in tracked.stdout.splitlines()}
        self.assertEqual(set(), {name for name in top if not name.startswith(".")} - TOP_LEVEL)


if __name__ == "__main__":
    unittest.main()
