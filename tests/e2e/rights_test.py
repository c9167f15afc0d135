"""What each process is and can: as /proc says. What it cannot is tried out in tests/smtpd/master/privileges_test.cc."""

import os
import pathlib
import pwd
import signal
import unittest

from headgate_server import until
from roles import Split, one

STANDING = ("front", "queue", "deliver")


def status(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


def threads(pid):
    return [status(f"{pid}/task/{task.name}") for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]


class Rights(unittest.TestCase):
    def check_confined(self, server):
        for role in STANDING:
            for thread in threads(one(server, role)):
                for capabilities in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
                    self.assertEqual(int(thread[capabilities], 16), 0, (role, capabilities, thread))
                self.assertEqual(thread["NoNewPrivs"], "1", (role, thread["Name"]))
                if "more rights than it needs: seccomp" not in server.log():
                    self.assertEqual(thread["Seccomp"], "2", (role, thread["Name"]))

    def test_who_starts_the_server_is_who_the_roles_are(self):
        with Split() as server:
            self.check_confined(server)
            for role in STANDING:
                self.assertEqual(status(one(server, role))["Uid"].split(), [str(os.geteuid())] * 4)

    def test_descriptors_are_those_of_the_role(self):
        with Split() as server:
            def sockets(role):
                links = [os.readlink(path) for path in pathlib.Path(f"/proc/{one(server, role)}/fd").iterdir()]
                return {link[8:-1] for link in links if link.startswith("socket:")}
            listening = {line.split()[9] for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
                         if line.split()[3] == "0A"}
            self.assertTrue(sockets("front") & listening)
            self.assertFalse(sockets("queue") & listening)
            self.assertFalse(sockets("deliver") & listening)


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class AsAnotherUser(unittest.TestCase):
    """Started by root, the roles are nobody's."""

    USER = "nobody"

    def server(self, main="", **options):
        server = Split(f"mail_owner = {self.USER}\n" + main, start=False, **options)
        self.addCleanup(server.__exit__)
        os.chmod(server.directory, 0o755)
        maildir = server.directory / "Maildir"
        maildir.mkdir()
        os.chown(maildir, pwd.getpwnam(self.USER).pw_uid, -1)
        server.start()
        return server

    def send(self, server):
        with server.client() as smtp:
            smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")

    def test_an_image_directory_that_a_reload_brings_must_be_the_user_s(self):
        """MASTER cannot give it away any more."""
        server = self.server()
        images = server.directory / "images"
        server.write("main.cf", (server.config / "main.cf").read_text() + f"check_image_directory = {images}\n")
        server.kick(signal.SIGHUP)
        server.wait_for_log("reload: new sessions use the new configuration")
        self.assertIn(f"warning: check_image_directory: {images} does not belong to {self.USER}: ", server.log())
        told = server.log().count("does not belong to")
        os.chown(images, pwd.getpwnam(self.USER).pw_uid, -1)
        server.kick(signal.SIGHUP)
        server.wait_for_log("reload: new sessions use the new configuration", 2)
        self.assertEqual(server.log().count("does not belong to"), told)

    def test_all_of_it(self):
        server = self.server()
        user = pwd.getpwnam(self.USER)
        Rights.check_confined(self, server)
        for role in STANDING:
            for thread in threads(one(server, role)):
                self.assertEqual(thread["Uid"].split(), [str(user.pw_uid)] * 4)
                self.assertEqual(thread["Gid"].split(), [str(user.pw_gid)] * 4)
                self.assertEqual(thread["Groups"], "")
        master = status(server.process.pid)
        kept = int(master["CapEff"], 16)
        # SETUID 7, SETGID 6, SETPCAP 8, KILL 5, NET_BIND_SERVICE 10, DAC_READ_SEARCH 2
        self.assertEqual(kept & ~(1 << 7 | 1 << 6 | 1 << 8 | 1 << 5 | 1 << 10 | 1 << 2), 0)
        self.send(server)
        server.wait_for_mail(1)
        self.assertEqual(os.stat(server.directory / "Maildir" / "new").st_uid, user.pw_uid)

    def test_reload_and_log_after_the_rights_are_gone(self):
        server = self.server("header_checks = pcre:$config_directory/checks\n",
                             files={"checks": "/^Subject: no/ REJECT\n"})
        os.chmod(server.config / "checks", 0o600)  # root's: read at each generation's beginning
        for n in range(2):
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions use the new configuration", n + 1)
        (server.directory / "log").rename(server.directory / "log.1")
        server.kick(signal.SIGUSR1)
        until(lambda: (server.directory / "log").exists(), "the new log")

        def said():
            self.send(server)
            return "status=sent" in server.log() and "disconnect from" in server.log()
        until(said, "FRONT and DELIVER in the new log")

    def test_a_spool_of_root_s_is_taken_over(self):
        server = Split("mail_owner =\nlocal_transport = retry:later\n", start=False)
        self.addCleanup(server.__exit__)
        server.start()
        self.send(server)
        server.wait_for_log("status=deferred")
        self.assertEqual(server.stop(), 0)
        main = (server.config / "main.cf").read_text().replace("local_transport = retry:later", "local_transport = virtual")
        server.write("main.cf", main + f"mail_owner = {self.USER}\nqueue_run_delay = 1s\n")
        os.chmod(server.directory, 0o755)
        maildir = server.directory / "Maildir"
        maildir.mkdir()
        os.chown(maildir, pwd.getpwnam(self.USER).pw_uid, -1)
        deferred = next((server.directory / "spool" / "deferred").iterdir())
        os.utime(deferred, (0, 0))  # due
        server.start()
        server.wait_for_mail(1)

    def test_a_user_that_is_not_there(self):
        with Split("mail_owner = no-such-user\n", start=False) as server:
            process = server.spawn()
            _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 78)
            self.assertIn("mail_owner: unknown user: no-such-user", errors)


if __name__ == "__main__":
    unittest.main()
