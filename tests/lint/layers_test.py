#!/usr/bin/env python3
"""Who may include whom. The rules are the block ```layers in docs/house.md; a room always sees itself, engine/base and
engine/lookup.h. Third-party headers live behind one door each."""
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import source_files

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

# header prefix -> rooms, or beginnings of files' names, that may include it
THIRD_PARTY = {
    "hs/": ("engine/match", "compiler/back", "compiler/analyse", "bench/peers"),
    "hs.h": ("engine/match", "compiler/back", "compiler/analyse", "bench/peers"),
    "pcre2.h": ("engine/match", "compiler/back", "bench/peers"),
    "regex.h": ("engine/match", "bench/peers"),
    "re2/": ("bench/engine",),
    "benchmark/": ("bench/engine", "bench/tables"),
    "zlib.h": ("smtpd/corpus",),
    "openssl/": ("engine/base/sha256", "smtpd/net/tls_"),
    "seccomp.h": ("smtpd/master",),
    "asio": ("smtpd/net",),
    "ares": ("smtpd/net",),
    "cdb.h": ("tables",),
    "lmdb.h": ("tables",),
    "CLI/": ("smtpd/cli",),
}


def rules():
    """room -> set of rooms and single headers it may include"""
    house = source_files.read("docs/house.md")
    block = re.search(r"```layers\n(.*?)```", house, re.S)
    table = {}
    for line in block.group(1).splitlines():
        if ":" in line and not line.lstrip().startswith("#"):
            room, sees = line.split(":", 1)
            table[room.strip()] = set(sees.split())
    return table


def room_of(path, rooms):
    """the longest room that the path lies in"""
    best = ""
    for room in rooms:
        if (path == room or path.startswith(room + "/") or path.rsplit(".", 1)[0] == room) and len(room) > len(best):
            best = room
    return best


def violations(table):
    found = []
    for path in source_files.files(("engine", "compiler", "tables", "smtpd", "bench")):
        here = room_of(path, table)
        if not here:
            found.append("%s: lies in no room of docs/house.md" % path)
            continue
        text = source_files.read(path)
        for kind, target in INCLUDE.findall(text):
            if kind == "<":
                for prefix, doors in THIRD_PARTY.items():
                    if target.startswith(prefix) and here not in doors and not path.startswith(doors):
                        found.append("%s: <%s> may be included only in %s" % (path, target, ", ".join(doors)))
                continue
            there = room_of(target, table)
            if there in (here, "engine/base") or target == "engine/lookup.h":
                continue
            if there not in table[here] and target not in table[here]:
                found.append("%s: %s may not see %s" % (path, here, target))
    return found


class Layers(unittest.TestCase):
    def test_every_include_goes_downwards(self):
        found = violations(rules())
        self.assertEqual([], found, "\n" + "\n".join(found))

    def test_the_rules_have_no_cycle(self):
        table = rules()
        state = {}

        def visit(room, path):
            if state.get(room) == "done":
                return
            self.assertNotIn(room, path, " -> ".join(path + [room]))
            for other in table.get(room, ()):
                visit(room_of(other, table) if other not in table else other, path + [room])
            state[room] = "done"

        for room in table:
            visit(room, [])


if __name__ == "__main__":
    unittest.main()
