"""Slots fill up, stress comes on, only what matters is still checked, and legitimate mail gets through."""

import socket
import unittest

from headgate_server import PATIENCE, Server

CHECKS = """/^Subject: .*newsletter/ REJECT nonessential
#@emergency
/^Subject: .*worm/ REJECT emergency
"""


class Idle:
    """A client that says EHLO and then nothing."""

    def __init__(self, server):
        self.socket = socket.create_connection((server.host, server.port), timeout=PATIENCE)
        self.stream = self.socket.makefile("rb")
        self.banner = self.stream.readline()
        self.socket.sendall(b"EHLO idle.example\r\n")
        while self.stream.readline()[3:4] == b"-":
            pass

    def close(self):
        self.stream.close()
        self.socket.close()


def submit(smtp, subject, body="x"):
    smtp.rset()
    smtp.mail("a@client.example")
    smtp.rcpt("me@here.example")
    return smtp.data(f"Subject: {subject}\n\n{body}\n")[0]


class Stress(unittest.TestCase):
    def test_the_last_slot_switches_the_checks(self):
        main = ("stress_evicts_idle_sessions = no\nheader_checks = pcre:$config_directory/checks\nsmtpd_timeout = 300s\nsmtpd_hard_error_limit = 20\n"
                "smtpd_junk_command_limit = 100\n")
        with Server(main, maxproc=3, files={"checks": CHECKS}) as server:
            first = server.client()
            self.assertEqual(submit(first, "newsletter"), 550)
            idle = [Idle(server)]
            self.assertNotIn("entering stress mode", server.log())
            idle.append(Idle(server))
            server.wait_for_log("entering stress mode (3/3 busy)")
            server.wait_for_log('has reached its process limit "3": new clients may experience noticeable delays')

            # The switch reaches the running session at its next command.
            self.assertEqual(submit(first, "newsletter"), 250)
            self.assertEqual(submit(first, "worm"), 550)
            self.assertEqual(submit(first, "hello"), 250)

            # A fourth client waits in the backlog, connected and without a greeting, until a slot is free.
            with socket.create_connection((server.host, server.port), timeout=PATIENCE) as waiting:
                waiting.settimeout(0.2)
                with self.assertRaises(TimeoutError):
                    waiting.recv(1)
                waiting.settimeout(PATIENCE)
                idle.pop().close()
                self.assertTrue(waiting.recv(100).startswith(b"220 "))
            self.assertEqual(server.log().count("has reached its process limit"), 1)
            server.wait_for_mail(2)
            first.close()
            for client in idle:
                client.close()

    # The same for tables that cleanup's entry names: its -o settings are read under the smtpd service's stress.
    def test_the_cleanup_services_checks_switch_too(self):
        both = "${stress?{pcre:$config_directory/few}:{pcre:$config_directory/all}}"
        master = ("127.0.0.1:0 inet n - n - 2 smtpd\n"
                  "cleanup unix n - n - 0 cleanup -o header_checks=pcre:$config_directory/checks\n"
                  f"  -o {{ body_checks = {both} }}\n")
        files = {"checks": CHECKS, "all": "/dear/ REJECT all\n", "few": "/cheap/ REJECT few\n"}
        with Server("smtpd_hard_error_limit = 20\nsmtpd_timeout = 300s\n", master=master, files=files) as server:
            first = server.client()
            self.assertEqual(submit(first, "newsletter"), 550)
            self.assertEqual(submit(first, "hello", "dear"), 550)
            self.assertEqual(submit(first, "hello", "cheap"), 250)
            last = Idle(server)
            server.wait_for_log("entering stress mode (2/2 busy)")
            self.assertEqual(submit(first, "newsletter"), 250)
            self.assertEqual(submit(first, "worm"), 550)
            self.assertEqual(submit(first, "hello", "dear"), 250)
            self.assertEqual(submit(first, "hello", "cheap"), 550)
            first.close()
            last.close()

    def test_a_stressed_client_that_errs_makes_room_at_once(self):
        with Server("stress_evicts_idle_sessions = no\n", maxproc=2) as server:
            calm = Idle(server)
            last = Idle(server)
            with socket.create_connection((server.host, server.port), timeout=PATIENCE) as waiting:
                last.socket.sendall(b"RCPT TO:<x@here.example>\r\nDATA\r\n")
                self.assertTrue(last.stream.readline().startswith(b"503 "))
                self.assertTrue(last.stream.readline().startswith(b"421 4.7.0 "))
                self.assertEqual(last.stream.readline(), b"")
                self.assertTrue(waiting.recv(100).startswith(b"220 "))
            calm.close()
            last.close()

    # Not the tables: the message ends with those that it began with.
    def test_content_that_was_begun_in_calm_gets_the_stressed_deadline(self):
        main = "stress_evicts_idle_sessions = no\nsmtpd_timeout = ${stress?{1}:{3000}}s\n"
        with Server(main, maxproc=2) as server:
            first = Idle(server)
            for command in (b"MAIL FROM:<a@client.example>", b"RCPT TO:<me@here.example>", b"DATA"):
                first.socket.sendall(command + b"\r\n")
                first.stream.readline()
            first.socket.sendall(b"Subject: x\r\n")
            last = Idle(server)
            self.assertTrue(first.stream.readline().startswith(b"421 4.4.2 "))
            server.wait_for_log("timeout after DATA")
            first.close()
            last.close()

    # What was begun with 5 seconds has no more when the stressed limit is an hour.
    def test_a_rise_of_the_level_gives_content_no_more_time(self):
        main = ("stress_evicts_idle_sessions = no\nsmtpd_timeout = ${stress?{3600}:{5}}s\nsmtpd_per_request_deadline = yes\n"
                "smtpd_forbid_unauth_pipelining = no\n")
        with Server(main, maxproc=3) as server:
            begun = []
            for content in (b"DATA\r\nSubject: x\r\n", b"BDAT 100\r\nSubject: x\r\n"):
                begun.append(Idle(server))
                begun[-1].socket.sendall(b"MAIL FROM:<a@client.example>\r\nRCPT TO:<me@here.example>\r\n" + content)
                for _ in range(3 if content.startswith(b"DATA") else 2):
                    begun[-1].stream.readline()
            last = Idle(server)
            server.wait_for_log("entering stress mode (3/3 busy)")
            for client in begun:
                self.assertTrue(client.stream.readline().startswith(b"421 4.4.2 "))
                client.close()
            server.wait_for_log("timeout after DATA (")
            server.wait_for_log("timeout after BDAT (")
            last.close()

    def test_it_is_over_after_stress_duration(self):
        with Server("stress_duration = 1s\n", maxproc=2) as server:
            clients = [Idle(server), Idle(server)]
            server.wait_for_log("entering stress mode (2/2 busy)")
            for client in clients:
                client.close()
            server.wait_for_log("leaving stress mode after ")


if __name__ == "__main__":
    unittest.main()
