"""FRONT's sessions on several threads: each takes mail, and hears of a reload, of stress, of a newcomer who wants its slot and
of the server's end, wherever it runs."""

import concurrent.futures
import json
import pathlib
import re
import signal
import smtplib
import socket
import unittest

import roles
import tls_files
from headgate_server import PATIENCE, until

AT_HOME = 16  # sessions that the first loop has before others get some
LOOPS = "smtpd_event_loops = 3\n"


class Client:
    """Says hello."""

    def __init__(self, server, source="127.0.0.1"):
        self.smtp = smtplib.SMTP(server.host, server.port, local_hostname="client.example", timeout=PATIENCE, source_address=(source, 0))
        self.smtp.ehlo()

    def send(self, subject):
        """Why it was refused; nothing when it was taken."""
        try:
            self.smtp.sendmail("a@client.example", ["me@here.example"], f"Subject: {subject}\r\n\r\ntext\r\n")
        except smtplib.SMTPDataError as error:
            return error.smtp_error
        return None

    def ended(self):
        """True when the server has said 421 and nothing more."""
        code, _ = self.smtp.getreply()
        return code == 421 and self.smtp.sock.recv(1) == b""

    def close(self):
        self.smtp.close()


class EventLoops(unittest.TestCase):
    def serve(self, main="", **options):
        server = roles.Split(LOOPS + main, **options)
        self.addCleanup(server.__exit__)
        return server

    def sessions(self, server):
        return json.loads(server.run("--json", "status").stdout)["event_loops"]

    def clients(self, server, count, source="127.0.0.1"):
        clients = []
        for _ in range(count):
            clients.append(Client(server, source))
            self.addCleanup(clients[-1].close)
        return clients

    def work_done(self, server):
        """How often each of the other loops' threads has waited for work."""
        front = roles.one(server, "front")
        times = {}
        for thread in pathlib.Path(f"/proc/{front}/task").iterdir():
            name = (thread / "comm").read_text().strip()
            if name.startswith("smtpd loop"):
                times[name] = int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", (thread / "status").read_text(), re.MULTILINE)[1])
        return times

    def test_mail_is_taken_on_each(self):
        server = self.serve(maxproc=200)
        self.assertEqual(sorted(self.work_done(server)), ["smtpd loop 2", "smtpd loop 3"])
        clients = self.clients(server, AT_HOME + 12)
        before = self.work_done(server)
        home, *others = self.sessions(server)
        self.assertEqual(home + sum(others), len(clients))
        self.assertTrue(all(others), others)
        for number, client in enumerate(clients):
            self.assertIsNone(client.send(f"number {number}"))
        self.assert_worked(server, before)
        subjects = sorted(re.search(rb"Subject: (number \d+)", mail)[1] for mail in server.wait_for_mail(len(clients)))
        self.assertEqual(subjects, sorted(b"number %d" % number for number in range(len(clients))))
        numbers = re.findall(r"smtpd\[(\d+)\]: connect from", server.log())
        self.assertEqual(len(set(numbers)), len(clients))

    def assert_worked(self, server, before):
        for name, times in self.work_done(server).items():
            self.assertGreater(times, before[name] + 6, name)

    @unittest.skipUnless(tls_files.available(), "openssl is not installed")
    def test_each_has_tls_and_tables_of_its_own(self):
        # Each message's subject has a captured word in the reply: another message's would show.
        server = self.serve(tls_files.MAIN + "header_checks = pcre:$config_directory/checks\n"
                            "smtpd_command_filter = regexp:$config_directory/commands\nsmtpd_hard_error_limit = 100\n"
                            "smtpd_error_sleep_time = 0\n", maxproc=200, start=False,
                            files={"checks": "/^Subject: (b+)ad (\\w+)/ REJECT $1 is $2\n", "commands": "/^VRFY x(.*)$/ VRFY y$1@there.example\n"})
        tls_files.make(server)
        server.start()
        clients = self.clients(server, AT_HOME + 12)
        before = self.work_done(server)
        wrong = []

        def talk(number, client):
            client.smtp.starttls(context=tls_files.context())
            client.smtp.ehlo()
            for turn in range(20):
                code, text = client.smtp.docmd("VRFY", f"x{number}")
                if text != b"2.0.0 y%d@there.example" % number:
                    wrong.append((number, code, text))
                refusal = client.send(f"{'b' * (number + 1)}ad t{turn}")
                if refusal != b"5.7.1 %s is t%d" % (b"b" * (number + 1), turn):
                    wrong.append((number, refusal))
                client.smtp.rset()

        with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
            list(pool.map(talk, *zip(*enumerate(clients))))
        self.assertEqual(wrong, [])
        self.assert_worked(server, before)

    def test_a_reload_reaches_the_next_message(self):
        server = self.serve(maxproc=200)
        clients = self.clients(server, AT_HOME + 4)
        self.assertTrue(all(self.sessions(server)))
        for client in clients[-2:]:
            self.assertEqual(client.smtp.mail("a@client.example")[0], 250)
        with (server.config / "main.cf").open("a") as main:
            main.write("smtpd_recipient_restrictions = reject\n")
        old = roles.one(server, "front")
        server.kick(signal.SIGHUP)
        until(lambda: roles.at_work(server, "front") not in (None, old), "the new FRONT")
        with server.client() as newcomer:
            newcomer.ehlo()
            newcomer.mail("a@client.example")
            self.assertEqual(newcomer.rcpt("me@here.example")[0], 554)

        def refused(client):
            client.smtp.rset()
            client.smtp.mail("a@client.example")
            return client.smtp.rcpt("me@here.example")[0] == 554

        for client in clients[-2:]:
            self.assertEqual(client.smtp.rcpt("me@here.example")[0], 250)  # the transaction had begun
            until(lambda: refused(client), "the new restrictions in an old session")

    def test_stress_reaches_them(self):
        server = self.serve("smtpd_junk_command_limit = ${stress?{1}:{100}}\nsmtpd_forbidden_commands =\n", maxproc=200)
        clients = self.clients(server, AT_HOME + 4)
        self.assertTrue(all(self.sessions(server)))
        for client in clients[-2:]:
            for _ in range(3):
                self.assertEqual(client.smtp.noop()[0], 250)
        self.assertEqual(server.run("stress", "on").returncode, 0)
        for client in clients[-2:]:
            client.smtp.noop()
            self.assertEqual(client.smtp.noop()[0], 421)

    def test_one_makes_room_for_a_newcomer(self):
        server = self.serve("mynetworks = 127.0.0.9/32\nstress_idle_grace = 1s\nstress_reserved_slots = 0\n", maxproc=AT_HOME + 6)
        idle = self.clients(server, AT_HOME + 6, source="127.0.0.2")
        welcome = self.clients(server, AT_HOME + 6, source="127.0.0.9")
        for client in idle:
            self.assertTrue(client.ended())
        for client in welcome:
            self.assertEqual(client.smtp.noop()[0], 250)

    def test_content_under_way_hears_of_level_2(self):
        # Whoever waits is without a greeting: level 2 comes from three times as many clients as there are slots.
        slots = AT_HOME + 2
        server = self.serve("mynetworks = 127.0.0.9/32\nstress_content_timeout = 1s\nstress_idle_grace = 1h\nsmtpd_timeout = 300s\n"
                            "smtpd_per_request_deadline = no\n", maxproc=slots)
        clients = self.clients(server, slots, source="127.0.0.2")
        for client in clients:
            client.smtp.mail("a@client.example")
            client.smtp.rcpt("me@here.example")
            self.assertEqual(client.smtp.docmd("DATA")[0], 354)
        crowd = []
        for number in range(2 * slots + 2):
            crowd.append(socket.create_connection((server.host, server.port), source_address=(f"127.0.1.{number + 1}", 0)))
            self.addCleanup(crowd[-1].close)
        for client in clients:
            self.assertTrue(client.ended())

    def test_the_end_ends_them(self):
        server = self.serve(maxproc=200)
        clients = self.clients(server, AT_HOME + 4)
        self.assertTrue(all(self.sessions(server)))
        sending = self.clients(server, 2)
        for client in sending:
            client.smtp.mail("a@client.example")
            client.smtp.rcpt("me@here.example")
            self.assertEqual(client.smtp.docmd("DATA")[0], 354)
        server.kick(signal.SIGTERM)
        for client in clients:
            self.assertTrue(client.ended())
        for client in sending:  # a message that is under way is taken
            client.smtp.send(b"Subject: late\r\n\r\ntext\r\n.\r\n")
            self.assertEqual(client.smtp.getreply()[0], 250)
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
