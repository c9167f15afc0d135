"""SIGUSR2: the program at the server's path takes over, with everything open."""

import os
import pathlib
import shutil
import signal
import tempfile
import time
import unittest

from headgate_server import headgate, until
from roles import Clients, Split, alive, at_work, one, processes

QUICK = "queue_run_delay = 2s\nminimal_backoff_time = 1s\nmaximal_backoff_time = 2s\n"


def program_of(pid):
    return os.stat(f"/proc/{pid}/exe").st_ino


def standing(server):
    """Without builders, which come and go."""
    return {role: pids for role, pids in processes(server).items() if role != "builder"}


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
            before = standing(server)
            for text in ("#!/bin/false\n", "nonsense"):
                self.replace(text=text)
                server.kick(signal.SIGUSR2)
            server.wait_for_log("error: upgrade: ", 1)
            until(lambda: server.log().count("the old program goes on") >= 1, "the refusal")
            self.assertEqual(standing(server), before)
            with server.client() as smtp:
                smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")
            server.wait_for_mail(1)

    def refuses(self, server, main, reason):
        """An upgrade with that main.cf; all is as it was."""
        before = standing(server)
        refusals = server.log().count("the old program goes on")
        server.write("main.cf", main)
        server.kick(signal.SIGUSR2)
        server.wait_for_log("the old program goes on", refusals + 1)
        self.assertRegex(server.log(), f"error: upgrade: .*{reason}.*; the old program goes on")
        self.assertIsNone(server.process.poll())
        self.assertEqual(standing(server), before)

    def test_what_the_new_program_could_not_start_with_is_found_before(self):
        with Split(program=str(self.program)) as server:
            good = (server.config / "main.cf").read_text()
            self.refuses(server, good + "smtpd_timeout = soon\n", "soon")
            self.refuses(server, good + "maillog_file = /no/such/log\n", "/no/such/log")
            if os.geteuid() == 0:
                self.refuses(server, good + "mail_owner = no-such-user\n", "no-such-user")
                others = server.directory / "others"
                others.touch(0o600)
                os.chown(others, 65534, 65534)
                self.refuses(server, good + f"maillog_file = {others}\n", "Permission denied")
            self.assertNotIn("upgrading", server.log())
            server.write("main.cf", good)
            server.kick(signal.SIGUSR2)
            server.wait_for_log("upgraded to version")
            server.wait_for_log("reload: new sessions use the new configuration")
            self.send(server)

    def send(self, server):
        before = len(server.mail())
        with server.client() as smtp:
            smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")
        server.wait_for_mail(before + 1)

    def test_signals_that_come_while_nobody_listens_wait(self):
        with Split(program=str(self.program)) as server:
            for n in range(3):
                server.kick(signal.SIGUSR2)
                server.wait_for_log("upgrading: the new program takes over", n + 1)
                while server.log().count("upgraded to version") == n:
                    self.assertIsNone(server.process.poll(), "a signal has killed it")
                    server.kick(signal.SIGUSR1)
                    server.kick(signal.SIGHUP)
                    time.sleep(0.0005)
                server.wait_for_log("reload: new sessions use the new configuration", n + 1)
                one(server, "front")
            self.send(server)

    def test_a_stop_that_comes_while_nobody_listens_is_obeyed(self):
        with Split(program=str(self.program)) as server:
            os.kill(one(server, "queue"), signal.SIGSTOP)
            queue = one(server, "queue")
            server.kick(signal.SIGUSR2)
            server.wait_for_log("upgrading: the new program takes over")
            os.kill(queue, signal.SIGCONT)
            until(lambda: not alive(queue), "QUEUE to end")
            self.assertEqual(server.stop(), 0)
            self.assertIn("terminated", server.log())

    def test_what_was_put_off_comes_when_the_upgrade_fails(self):
        """FRONT dies while QUEUE still hands over, somebody wants a reload, and the new program is none any more."""
        with Split(program=str(self.program)) as server:
            queue, front = one(server, "queue"), one(server, "front")
            os.kill(queue, signal.SIGSTOP)
            server.kick(signal.SIGUSR2)
            server.wait_for_log("upgrading: the new program takes over")
            self.replace(text="nonsense")
            os.kill(front, signal.SIGKILL)
            server.wait_for_log("process headgate/front pid")
            server.kick(signal.SIGHUP)
            os.kill(queue, signal.SIGCONT)
            server.wait_for_log("the old program goes on")
            server.wait_for_log("reload: new sessions use the new configuration")
            self.replace()  # `headgate status` is the same program
            until(lambda: at_work(server, "front"), "a FRONT")
            self.send(server)

    def test_a_role_that_is_just_starting_gives_way(self):
        with Split(program=str(self.program)) as server:
            good = (server.config / "main.cf").read_text()
            os.mkfifo(server.config / "endless")  # who opens it waits
            server.write("main.cf", good + "header_checks = pcre:$config_directory/endless\n")
            old = one(server, "front")
            os.kill(old, signal.SIGKILL)
            stuck = until(lambda: (found := processes(server).get("front", [])) and found != [old] and found[0], "the next FRONT")
            server.write("main.cf", good)
            server.kick(signal.SIGUSR2)
            server.wait_for_log("upgraded to version")
            server.wait_for_log("reload: new sessions use the new configuration")
            until(lambda: not alive(stuck), "the one that was starting to go")
            self.send(server)

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
