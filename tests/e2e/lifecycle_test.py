"""Start, stop, reload, and what goes wrong at the start."""

import os
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import unittest

from headgate_server import PATIENCE, Server, headgate, until


def end_of(process):
    """(exit status, standard error) of a serve that must not come up."""
    try:
        _, errors = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, errors


def send(server, subject="x"):
    with server.client() as smtp:
        smtp.sendmail("a@client.example", ["me@here.example"], f"Subject: {subject}\n\nx\n")


class Start(unittest.TestCase):
    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with Server(port=port, start=False) as server:
                status, errors = end_of(server.spawn())
        self.assertEqual(status, 69)
        self.assertIn(f"headgate: fatal: bind 127.0.0.1 port {port}: Address already in use", errors)

    def test_a_second_server_on_the_same_spool(self):
        with Server() as server:
            status, errors = end_of(server.spawn())
            self.assertEqual(status, 69)
            self.assertIn("headgate: fatal: ", errors)
            send(server)

    def test_usage_and_bad_configuration(self):
        with Server(start=False) as server:
            self.assertEqual(end_of(server.spawn("--what"))[0], 64)
            server.write("main.cf", "smtpd_timeout = soon\n")
            self.assertEqual(end_of(server.spawn())[0], 78)

    def test_a_port_that_does_not_exist(self):
        with Server(port=99999, start=False) as server:
            status, errors = end_of(server.spawn())
        self.assertEqual(status, 78)
        self.assertIn("headgate: fatal: 127.0.0.1:99999: bad port, the last one is 65535", errors)

    def test_a_missing_table_is_reported_once(self):
        with Server("header_checks = pcre:/nowhere/checks\n") as server:
            self.assertEqual(server.log().count("error: open /nowhere/checks: No such file or directory"), 1)

    def test_the_embedded_configuration_needs_nothing(self):
        directory = tempfile.mkdtemp(prefix="headgate-e2e-")
        self.addCleanup(shutil.rmtree, directory, True)
        environment = {k: v for k, v in os.environ.items() if k != "MAIL_CONFIG"}
        process = subprocess.Popen([headgate(), "serve", "-c", directory + "/nothing-here"], cwd=directory,
                                   env=environment, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        lines = iter(process.stderr.readline, "")
        first = next((line for line in lines if "listening on" in line or "fatal" in line), "")
        if "Address already in use" in first:
            self.skipTest("port 2525 is in use on this machine")
        self.assertIn("listening on 127.0.0.1:2525", first)
        process.terminate()
        self.assertEqual(end_of(process)[0], 0)


class Life(unittest.TestCase):
    def test_a_stop_lets_a_message_end_and_sends_idle_clients_away(self):
        with Server() as server:
            busy, idle = server.client(), server.client()
            busy.mail("a@client.example")
            busy.rcpt("me@here.example")
            busy.putcmd("data")
            self.assertEqual(busy.getreply()[0], 354)
            idle.noop()
            server.kick(signal.SIGTERM)
            self.assertEqual(idle.getreply()[0], 421)
            busy.send(b"Subject: late\r\n\r\nlate\r\n.\r\n")
            self.assertEqual(busy.getreply()[0], 250)
            self.assertEqual(server.stop(), 0)
            with self.assertRaises(OSError):
                server.client()
            idle.close()
            busy.close()

    def test_a_second_signal_cuts_a_delivery_to_a_silent_host(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            next_hop = f"smtp:[127.0.0.1]:{silent.getsockname()[1]}"
            with Server(f"local_transport = {next_hop}\n") as server:
                send(server)
                taken, _ = silent.accept()
                with taken:
                    server.kick(signal.SIGTERM)
                    server.wait_for_log("terminating: waiting")
                    server.kick(signal.SIGTERM)
                    server.wait_for_log("their mail stays in the queue")
                    self.assertEqual(server.stop(), 0)
                self.assertEqual(len(list((server.directory / "spool" / "deferred").iterdir())), 1)

    def test_what_was_acknowledged_survives_a_kill(self):
        with Server() as server:
            for i in range(5):
                send(server, f"n{i}")
            server.kill()
            server.start()
            subjects = [b"Subject: n%d\n" % i for i in range(5)]  # one may be there twice
            until(lambda: all(any(s in mail.read_bytes() for mail in server.mail()) for s in subjects), "all five")

    def test_reload_takes_new_tables_and_keeps_good_ones(self):
        with Server("header_checks = pcre:$config_directory/checks\n", files={"checks": "/^Subject: a/ REJECT\n"}) as server:
            with self.assertRaises(smtplib.SMTPDataError):
                send(server, "a")
            old = server.client()  # takes the new rules with its next message
            server.write("checks", "/^Subject: b/ REJECT\n")
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions use the new configuration")
            send(server, "a")
            with self.assertRaises(smtplib.SMTPDataError):
                send(server, "b")

            def takes_the_new():
                try:
                    old.sendmail("a@client.example", ["me@here.example"], "Subject: b\n\nx\n")
                except smtplib.SMTPDataError:
                    return True
            if server.split:  # its FRONT reads the tables once more when it has been retired
                until(takes_the_new, "the old session to take the new rules")
            else:
                self.assertTrue(takes_the_new())
            old.close()

            (server.config / "checks").unlink()
            server.kick(signal.SIGHUP)
            server.wait_for_log("the old configuration stays in force")
            with self.assertRaises(smtplib.SMTPDataError):
                send(server, "b")
            server.write("main.cf", "smtpd_timeout = soon\n")
            server.kick(signal.SIGHUP)
            server.wait_for_log("the old configuration stays in force", 2)
            send(server, "a")

    def test_reload_reaches_queue_and_deliveries(self):
        with Server() as server:
            send(server, "one")
            server.wait_for_mail(1)
            with open(server.config / "main.cf", "a") as main:
                main.write("local_transport = discard:thrown\nenable_long_queue_ids = yes\ncheck_image_directory =\n")
            server.kick(signal.SIGHUP)
            if not server.split:
                server.wait_for_log("ignoring check_image_directory change; to change check_image_directory, stop and start")
                server.wait_for_log("ignoring enable_long_queue_ids change; to change enable_long_queue_ids, stop and start")
            server.wait_for_log("reload: new sessions use the new configuration")
            send(server, "two")
            server.wait_for_log("status=sent (thrown)")
            identifier = server.log().split(": to=")[-2].split()[-1]
            self.assertEqual(len(identifier) > 12, server.split, identifier)  # a new FRONT makes the new ids

    def test_what_a_reload_ignores_is_said_until_it_is_as_it_was_at_the_start(self):
        with Server() as server:
            good = (server.config / "main.cf").read_text()
            ignoring = "ignoring queue_directory change"
            elsewhere = f"{server.directory}/elsewhere"
            for reload, (more, said) in enumerate(((elsewhere, 1), (elsewhere, 2), (f"{server.directory}/spool", 2)), 1):
                server.write("main.cf", good + f"queue_directory = {more}\n")
                server.kick(signal.SIGHUP)
                server.wait_for_log("reload: new sessions use the new configuration", reload)
                self.assertEqual(server.log().count(ignoring), said)

    def test_the_log_is_reopened(self):
        with Server() as server:
            send(server)
            (server.directory / "log").rename(server.directory / "log.1")
            server.kick(signal.SIGUSR1)
            until(lambda: (server.directory / "log").exists(), "the new log")

            def said():  # a role hears of the new file a moment after MASTER has made it
                send(server)
                return "disconnect from" in server.log()
            until(said, "a session in the new log")

    def test_an_unwritable_queue_never_says_250(self):
        with Server() as server:
            shutil.rmtree(server.directory / "spool")
            with server.client() as smtp:
                smtp.ehlo()
                replies = [smtp.mail("a@client.example"), smtp.rcpt("me@here.example")]
                if replies[-1][0] == 250:
                    replies.append(smtp.data("Subject: x\n\nx\n") if smtp.docmd("NOOP")[0] == 250 else None)
                self.assertIn(replies[-1][0] if replies[0][0] == 250 else replies[0][0], (451, 452))


if __name__ == "__main__":
    unittest.main()
