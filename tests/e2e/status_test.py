"""`headgate status`: the server at a glance, and what each rule hit, over reloads."""

import json
import os
import signal
import smtplib
import socket
import stat
import subprocess
import tempfile
import unittest

from headgate_server import PATIENCE, Server, headgate, until
from reload_test import replace, send

CHECKS = "/^Subject: a/ REJECT first\n/^Subject: b/ WARN second\n/^Subject: c/ WARN third #@emergency\n"
MAIN = "header_checks = pcre:$config_directory/checks\n"


def run(server, *arguments):
    return subprocess.run([headgate(), "-c", str(server.config), *arguments], capture_output=True, text=True,
                          timeout=PATIENCE)


def status(server, *arguments):
    done = run(server, "--json", "status", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def hits(server):
    """{line: hits} of the table."""
    tables = {t["table"]: t for t in status(server, "--rules")["tables"]}
    return {c["line"]: c["hits"] for c in tables[f"pcre:{server.config}/checks"]["counts"]}


class Status(unittest.TestCase):
    def test_the_server_at_a_glance(self):
        with Server(MAIN, files={"checks": CHECKS}, maxproc=3) as server:
            with server.client() as one, server.client() as two:
                one.noop()
                two.noop()
                document = status(server)
                self.assertEqual(document["pid"], server.process.pid)
                self.assertEqual([(s["slots_in_use"], s["slots"], s["stress"]) for s in document["services"]], [(2, 3, "calm")])
                with server.client() as three:
                    three.noop()
                    self.assertEqual(status(server)["services"][0]["stress"], "stressed")
            table = next(t for t in document["tables"] if t["table"].startswith("pcre:"))
            self.assertEqual(table["rules"], 3)
            self.assertEqual(sum(table["patterns"].values()), 3)
            self.assertNotIn("counts", table)
            self.assertTrue(table["databases"] or table["without_database"])
            text = run(server, "status").stdout
            self.assertIn(f"process {server.process.pid}", text)
            self.assertIn(f"pcre:{server.config}/checks\n", text)
            self.assertEqual(run(server, "status", "--what").returncode, 64)

    def test_rules_are_counted_over_services_stress_and_reloads(self):
        lists = MAIN + "body_checks = pcre:$config_directory/checks\n"
        with Server(lists, files={"checks": CHECKS}) as server:
            send(server, "a")
            send(server, "b")
            send(server, "b")
            self.assertEqual(hits(server), {1: 1, 2: 2, 3: 0})
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions use the new configuration")
            if server.split:  # another FRONT counts from the beginning
                self.assertEqual(hits(server), {1: 0, 2: 0, 3: 0})
                for subject in "abb":
                    send(server, subject)
            send(server, "b")
            self.assertEqual(hits(server), {1: 1, 2: 3, 3: 0})
            # Line 2 moves to 3, line 1 is another rule now, line 3 goes.
            replace(server, "checks", "/^Subject: n/ WARN\n/^Subject: a/ REJECT other\n/^Subject: b/ WARN second\n")
            server.wait_for_log("checks has changed")
            self.assertEqual(hits(server), {1: 0, 2: 0, 3: 3})
            send(server, "b")
            row = next(c for t in status(server, "--rules")["tables"] if t["table"].startswith("pcre:")
                       for c in t["counts"] if c["line"] == 3)
            self.assertEqual((row["hits"], row["bytes"], row["action"]), (4, 4 * len("Subject: b"), "WARN second"))
            self.assertGreater(row["last_hit"], 1700000000)
            lines = run(server, "status", "--top").stdout.splitlines()
            titles = next(i for i, line in enumerate(lines) if line.split()[:3] == ["table", "line", "hits"])
            self.assertEqual(lines[titles + 1].split()[1:3], ["3", "4"])
            self.assertIn("never", lines[titles + 2])

    def test_calm_and_stressed_programs_add_up(self):
        files = {"checks": "/^Subject: c/ WARN third\n/^Subject: c/ WARN never\n", "marked": "#@emergency\n/^X-Y: z/ WARN\n"}
        with Server(MAIN, files=files, maxproc=1) as server:
            send(server, "c")  # in the last slot: stressed
            send(server, "c")
            self.assertEqual(hits(server), {1: 2, 2: 0})

    def test_no_server(self):
        with Server(start=False) as server:
            done = run(server, "status")
            self.assertEqual(done.returncode, 69)
            self.assertIn("headgate: fatal: connect to ", done.stderr)
            server.start()
            server.kill()  # leaves its socket behind
            self.assertEqual(run(server, "status").returncode, 69)
            server.start()
            self.assertEqual(status(server)["pid"], server.process.pid)
            server.stop()
            self.assertEqual(run(server, "status").returncode, 69)

    def test_a_long_path(self):
        with tempfile.TemporaryDirectory(prefix="headgate-e2e-") as top:
            directory = os.path.join(top, "d" * 120)
            os.mkdir(directory)
            with Server(directory=directory) as server:
                self.assertEqual(status(server)["pid"], server.process.pid)


class Socket(unittest.TestCase):
    def test_only_the_owner_and_never_in_the_way(self):
        with Server() as server:
            path = server.directory / "spool" / "public" / "headgate"
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            silent = [socket.socket(socket.AF_UNIX) for _ in range(30)]
            for one in silent[:4]:
                one.connect(str(path))
            with server.client() as smtp:
                self.assertEqual(smtp.noop()[0], 250)
            talker = silent[4]
            talker.connect(str(path))
            talker.sendall(b"x" * 256)
            self.assertEqual(talker.recv(100), b"")  # too long: no answer
            asker = silent[5]
            asker.connect(str(path))
            asker.sendall(b"dance\n")
            self.assertIn(b"unknown request", asker.recv(100))
            self.assertIn("services", status(server))
            for one in silent[6:]:  # more than are served at once
                one.setblocking(False)
                one.connect_ex(str(path))
            send(server)
            for one in silent:
                one.close()
            until(lambda: run(server, "status").returncode == 0, "a free place")
            for one in range(3):  # clients that wait do not hold up a stop
                late = socket.socket(socket.AF_UNIX)
                late.connect(str(path))
                self.addCleanup(late.close)
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
