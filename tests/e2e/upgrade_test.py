"""SIGUSR2: the program at the server's path takes over, with everything open."""

import os
import pathlib
import shutil
import signal
import tempfile
import unittest

from headgate_server import headgate, until
from roles import Clients, Split, one, processes

QUICK = "queue_run_delay = 2s\nminimal_backoff_time = 1s\nmaximal_backoff_time = 2s\n"


def program_of(pid):
    return os.stat(f"/proc/{pid}/exe").st_ino


class Upgrade(unittest.TestCase):
    def setUp(self):
        self.programs = pathlib.Path(tempfile.mkdtemp(prefix="headgate-upgrade-"))
        self.addCleanup(shutil.rmtree, self.programs, True)
        self.program = self.programs / "headgate"
        shutil.copy2(headgate(), self.program)
        shutil.copy2(str(pathlib.Path(headgate()).parent / "headgate-compiler"), self.programs / "headgate-compiler")

    def replace(self, copy_of=None, text=None):
        """As a package manager does."""
        fresh = self.programs / "fresh"
        if text is None:
            shutil.copy2(copy_of or headgate(), fresh)
        else:
            fresh.write_text(text)
            fresh.chmod(0o755)
        os.rename(fresh, self.program)
        return os.stat(self.program).st_ino

    def test_under_load(self):
        with Split(QUICK, program=str(self.program)) as server:
            with server.client() as long_one, Clients(server) as clients:
                long_one.ehlo()
                for n in range(3):
                    clients.wait_for_more()
                    inode = self.replace()
                    server.kick(signal.SIGUSR2)
                    server.wait_for_log("upgraded to version", n + 1)
                    server.wait_for_log("reload: new sessions use the new configuration", n + 1)
                    self.assertEqual(program_of(server.process.pid), inode)
                clients.wait_for_more()
                for role in ("queue", "deliver"):
                    self.assertEqual(program_of(one(server, role)), inode)
                long_one.sendmail("a@client.example", ["me@here.example"], "Subject: long\n\nx\n")
            self.assertEqual(clients.trouble, [])
            self.assertEqual(clients.check_delivered(), 0)
            self.assertEqual(program_of(one(server, "front")), inode)
            self.assertRegex(server.run("status").stdout, rf"process {server.process.pid}, up ")
            self.assertEqual(server.stop(), 0)

    def test_a_program_that_does_not_run_is_not_taken(self):
        with Split(program=str(self.program)) as server:
            before = processes(server)
            for text in ("#!/bin/false\n", "nonsense"):
                self.replace(text=text)
                server.kick(signal.SIGUSR2)
            server.wait_for_log("error: upgrade: ", 1)
            until(lambda: server.log().count("the old program goes on") >= 1, "the refusal")
            self.assertEqual({role: before[role] for role in ("front", "queue", "deliver")},
                             {role: processes(server)[role] for role in ("front", "queue", "deliver")})
            with server.client() as smtp:
                smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")
            server.wait_for_mail(1)

    def test_a_configuration_that_is_bad_by_then_leaves_the_old_generation(self):
        with Split(program=str(self.program)) as server:
            good = (server.config / "main.cf").read_text()
            self.replace()
            (server.config / "master.cf").write_text(f"{server.host}:{server.port} inet n - n - 20 smtpd\n"
                                                     "127.0.0.1:0 inet n - n - 20 smtpd\n")
            server.write("main.cf", good + "header_checks = pcre:/no/such\n")
            server.kick(signal.SIGUSR2)
            server.wait_for_log("upgraded to version")
            server.wait_for_log("the old configuration stays in force")
            with server.client() as smtp:
                smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")
            server.wait_for_mail(1)


if __name__ == "__main__":
    unittest.main()
