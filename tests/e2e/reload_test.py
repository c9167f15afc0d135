"""New rules without a dropped session: SIGHUP and changed table files, under load, in the middle of a message."""

import os
import random
import signal
import smtplib
import socket
import threading
import unittest

from headgate_server import Server, until

ONE_TABLE = "header_checks = pcre:$config_directory/checks\ncheck_table_poll_interval = 1s\n"


def replace(server, name, text):
    """As an editor that is careful: readers see the old or the new file."""
    fresh = server.config / (name + ".new")
    fresh.write_text(text)
    os.rename(fresh, server.config / name)


def free_port():
    """One that no client's socket is given meanwhile: below what the kernel picks from."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as limits:
        first = int(limits.read().split()[0])
    while True:
        port = random.randrange(max(first - 16000, 1024), first)
        with socket.socket() as probe, socket.socket(socket.AF_INET6) as probe6:
            try:
                probe6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(("", port))
                probe6.bind(("", port))
                return port
            except OSError:
                pass


def send(server, subject="x"):
    with server.client() as smtp:
        return answer(smtp, subject)


def answer(smtp, subject="x"):
    """The reply's text at the end of a message."""
    try:
        smtp.mail("a@client.example")
        smtp.rcpt("me@here.example")
        code, text = smtp.data(f"Subject: {subject}\n\nx\n")
        return f"{code} {text.decode()}"
    except smtplib.SMTPDataError as error:
        return f"{error.smtp_code} {error.smtp_error.decode()}"


class ChangedFiles(unittest.TestCase):
    def test_a_table_changed_by_rename_is_taken(self):
        with Server(ONE_TABLE, files={"checks": "/^Subject: x/ REJECT old\n"}) as server:
            old = server.client()
            old.ehlo()
            self.assertIn("old", send(server))
            replace(server, "checks", "/^Subject: x/ REJECT new\n/(/ REJECT bad\n")
            server.wait_for_log(f"table pcre:{server.config}/checks has changed")
            self.assertIn("new", send(server))
            self.assertIn("new", answer(old))  # the session goes on
            self.assertIn("warning: pcre map", server.log())  # Postfix's own words about line 2
            old.close()

    def test_a_message_in_flight_ends_under_the_rules_it_began_with(self):
        tables = "header_checks = pcre:$config_directory/checks\nbody_checks = pcre:$config_directory/checks\n"
        with Server(tables, files={"checks": "/^secret/ REJECT old\n"}) as server:
            with server.client() as smtp:
                smtp.ehlo()
                smtp.mail("a@client.example")
                smtp.rcpt("me@here.example")
                smtp.putcmd("data")
                self.assertEqual(smtp.getreply()[0], 354)
                smtp.send(b"Subject: x\r\n\r\nfirst line\r\n")
                replace(server, "checks", "/^first|^second/ REJECT new\n")
                server.kick(signal.SIGHUP)
                server.wait_for_log("reload: new sessions use the new configuration")
                smtp.send(b"second line\r\nsecret\r\n.\r\n")
                code, text = smtp.getreply()
                self.assertEqual((code, b"old" in text), (550, True), text)
                if server.split:  # its FRONT has been retired, and reads the tables beside what it does
                    until(lambda: answer(smtp, "x\n\nfirst line").startswith("550 "), "the new rules")
                smtp.mail("a@client.example")
                smtp.rcpt("me@here.example")
                code, text = smtp.data("Subject: x\n\nfirst line\n")
                self.assertEqual((code, b"new" in text), (550, True), text)

    def test_a_file_that_goes_leaves_the_last_good_rules(self):
        with Server(ONE_TABLE, files={"checks": "/^Subject: x/ REJECT old\n"}) as server:
            (server.config / "checks").unlink()
            server.wait_for_log("the table that was loaded before stays in force")
            self.assertIn("old", send(server))
            replace(server, "checks", "/^Subject: x/ REJECT back\n")
            server.wait_for_log("checks has changed")
            self.assertIn("back", send(server))
            self.assertEqual(server.log().count("stays in force"), 1)

    def test_a_file_that_cannot_be_read_leaves_the_last_good_rules(self):
        """Root may read everything but a directory."""
        with Server(ONE_TABLE, files={"checks": "/^Subject: x/ REJECT old\n"}) as server:
            (server.config / "checks").unlink()
            (server.config / "checks").mkdir()
            server.wait_for_log("the table that was loaded before stays in force")
            self.assertIn("old", send(server))
            self.assertIn("the last good one; its file: ", server.run("status").stdout)
            server.kick(signal.SIGHUP)
            server.wait_for_log("the old configuration stays in force")
            self.assertIn("old", send(server))
            (server.config / "checks").rmdir()
            replace(server, "checks", "/^Subject: x/ REJECT back\n")
            server.kick(signal.SIGHUP)
            until(lambda: "back" in send(server), "the new table")

    def test_a_key_that_is_repeated_leaves_the_last_good_table(self):
        """Such a texthash: is none to a daemon; each program's last good one goes on, until a good edit."""
        main = ("header_checks = texthash:$config_directory/checks\ncheck_table_poll_interval = 1s\n"
                "mydestination = texthash:$config_directory/domains\nmynetworks =\n")
        files = {"checks": "Subject:x REJECT old\n", "domains": "here.example x\n"}
        kept = "the table that was loaded before stays in force"

        def reply(server, subject="x"):
            with server.client() as smtp:
                smtp.ehlo()
                smtp.mail("a@client.example")
                self.assertEqual(smtp.rcpt("me@here.example")[0], 250)
                smtp.putcmd("data")
                smtp.getreply()
                smtp.send(f"Subject:{subject}\r\n\r\nx\r\n.\r\n".encode())
                code, text = smtp.getreply()
                return f"{code} {text.decode()}"

        with Server(main, files=files) as server:
            self.assertIn("old", reply(server))
            server.write("checks", "Subject:x REJECT new\nj OK\nSubject:x OK\n")
            reason = f'{server.config}/checks, line 3: duplicate entry: "Subject:x"'
            server.wait_for_log(f"warning: table {server.config}/checks: {reason}; {kept}")
            server.write("domains", "here.example x\nHere.Example y\n")
            server.wait_for_log(f'{server.config}/domains, line 2: duplicate entry: "Here.Example"; {kept}')
            self.assertIn("old", reply(server))
            self.assertTrue(reply(server, "y").startswith("250 "))
            self.assertIn("the last good one; its file: ", server.run("status").stdout)
            refused = f"error: reload: service 127.0.0.1:0: {server.config}/"
            server.kick(signal.SIGHUP)
            server.wait_for_log(f"{refused}checks, line 3: duplicate entry: ")
            self.assertIn("old", reply(server))
            replace(server, "checks", "Subject:x REJECT better\n")
            server.wait_for_log("checks has changed")
            self.assertIn("better", reply(server))
            server.kick(signal.SIGHUP)
            server.wait_for_log(f"{refused}domains, line 2: duplicate entry: ")
            self.assertIn("better", reply(server))
            self.assertEqual(server.log().count(kept), 2 + server.split)  # mydestination is FRONT's and DELIVER's
            self.assertNotIn("domains has changed", server.log())
            replace(server, "domains", "here.example x\n")
            server.wait_for_log("domains has changed")
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions use the new configuration")
            self.assertTrue(reply(server, "y").startswith("250 "))

    def test_a_table_of_which_nothing_is_good_has_no_rules(self):
        """As Postfix: a bad rule is skipped, and the table is what is left."""
        with Server(ONE_TABLE, files={"checks": "/^Subject: x/ REJECT old\n"}) as server:
            replace(server, "checks", "/(/ REJECT bad\nnonsense\n")
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions use the new configuration")
            self.assertTrue(send(server).startswith("250 "))
            self.assertIn("line 1: ", server.log())
            self.assertIn("line 2: ", server.log())

    def test_a_file_that_was_missing_at_the_start_is_taken_when_it_comes(self):
        with Server(ONE_TABLE) as server:
            self.assertTrue(send(server).startswith("451 "))
            replace(server, "checks", "/^Subject: x/ REJECT come\n")
            until(lambda: "come" in send(server), "the new table")

    def test_all_kinds_of_tables(self):
        main = ("header_checks = pcre:$config_directory/checks\n"
                "mynetworks = $config_directory/nets\n"
                "mydestination = texthash:$config_directory/domains\n")
        files = {"checks": "/nothing/ DUNNO\n", "nets": "192.0.2.0/24\n", "domains": "here.example x\n"}
        with Server(main, files=files) as server:
            def rcpt(address):
                with server.client() as smtp:
                    smtp.ehlo()
                    smtp.mail("a@client.example")
                    return smtp.rcpt(address)[0]
            self.assertEqual(rcpt("me@here.example"), 250)
            self.assertEqual(rcpt("me@there.example"), 454)
            replace(server, "domains", "there.example x\n")
            replace(server, "nets", "127.0.0.0/8\n")
            server.wait_for_log("domains has changed")
            server.wait_for_log("nets has changed")
            self.assertEqual(rcpt("me@elsewhere.example"), 250)
            server.write("nets", "192.0.2.0/24\n")
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions use the new configuration")
            self.assertEqual(rcpt("me@here.example"), 454)
            self.assertEqual(rcpt("me@there.example"), 250)

    def test_polling_can_be_switched_off(self):
        with Server(ONE_TABLE.replace("1s", "0"), files={"checks": "/^Subject: x/ REJECT old\n"}) as server:
            replace(server, "checks", "/^Subject: x/ REJECT new\n")
            for _ in range(20):
                self.assertIn("old", send(server))
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions use the new configuration")
            self.assertIn("new", send(server))


class MilterHeaderChecks(unittest.TestCase):
    MAIN = ONE_TABLE + "milter_header_checks = pcre:$config_directory/milter\n"

    def test_are_opened_watched_and_reloaded_but_not_asked(self):
        files = {"checks": "/^Subject: x/ REJECT right\n", "milter": "/^Subject: y/ REJECT milter\n/(/ X\n"}
        with Server(self.MAIN, files=files) as server:
            name = f"pcre:{server.config}/milter"
            self.assertIn(f"warning: pcre map {server.config}/milter, line 2: ", server.log())
            self.assertIn("right", send(server))
            self.assertTrue(send(server, "y").startswith("250 "))
            self.assertIn(name, server.run("status", "--rules").stdout)
            self.assertIn(name, server.run("compile", "--all").stdout)
            replace(server, "milter", "/^Subject: z/ REJECT milter\n/)/ X\n")
            server.wait_for_log(f"table {name} has changed")
            self.assertEqual(server.log().count(f"pcre map {server.config}/milter, line 2: "), 2)
            self.assertTrue(send(server, "z").startswith("250 "))
            # As any table that a reload cannot open: the old set stays.
            (server.config / "milter").unlink()
            replace(server, "checks", "/^Subject: x/ REJECT new\n")
            server.kick(signal.SIGHUP)
            server.wait_for_log(f"error: reload: service 127.0.0.1:0: open {server.config}/milter: No such file or directory; "
                                "the old configuration stays in force")

    def test_that_are_missing_at_the_start_are_said_and_refuse_no_mail(self):
        with Server(self.MAIN, files={"checks": "/^Subject: x/ REJECT right\n"}) as server:
            self.assertIn(f"error: open {server.config}/milter: No such file or directory", server.log())
            self.assertIn("right", send(server))
            self.assertTrue(send(server, "y").startswith("250 "))
            check = server.run("check")
            self.assertEqual(check.returncode, 65)
            self.assertIn(f"error: milter_header_checks: open {server.config}/milter: No such file or directory", check.stderr)


class RefusedReloads(unittest.TestCase):
    """A table that is missing at SIGHUP: all stays as it was, the tables' watch and counts too."""

    def test_leave_the_tables_in_force_watched_and_counted(self):
        with Server(ONE_TABLE, files={"checks": "/^Subject: x/ REJECT old\n"}) as server:
            self.assertIn("old", send(server))
            good = (server.config / "main.cf").read_text()
            server.write("main.cf", good + "header_checks = pcre:$config_directory/chekcs\n")
            server.kick(signal.SIGHUP)
            server.wait_for_log(f"error: reload: service 127.0.0.1:0: open {server.config}/chekcs: No such file or directory; "
                                "the old configuration stays in force")
            self.assertRegex(server.run("status", "--rules").stdout, rf"pcre:{server.config}/checks +1 +1 ")
            (server.config / "checks").unlink()
            server.wait_for_log("the table that was loaded before stays in force")
            self.assertIn("old", send(server))
            replace(server, "checks", "/^Subject: x/ REJECT new\n")
            server.wait_for_log("checks has changed")
            self.assertIn("new", send(server))

    def test_for_lists_and_deliveries(self):
        good = (ONE_TABLE.replace("1s", "0") + "relay_domains = texthash:$config_directory/relay\n"
                "virtual_mailbox_maps = texthash:$config_directory/boxes\nsmtp_header_checks = texthash:$config_directory/out\n")
        files = {"checks": "/nothing/ DUNNO\n", "relay": "relayed.example x\n", "boxes": "me@here.example Maildir/\n", "out": "a b\n"}
        with Server(good, files=files) as server:
            send(server)
            if not server.split:
                self.assertIn(f"\n{server.config}/out\n", server.run("status").stdout)
            for n, name in enumerate(("relay", "boxes", "out"), 1):
                (server.config / name).unlink()
                server.kick(signal.SIGHUP)
                server.wait_for_log(f"open database {server.config}/{name}: No such file or directory; the old configuration")
                with server.client() as smtp:
                    smtp.ehlo()
                    smtp.mail("a@client.example")
                    self.assertEqual(smtp.rcpt("x@relayed.example")[0], 250)
                send(server, f"after {name}")
                server.wait_for_mail(1 + n)
                server.write(name, files[name])


    def test_that_give_a_table_that_is_missing_already_to_deliveries(self):
        with Server(ONE_TABLE) as server:
            self.assertTrue(send(server).startswith("451 "))
            good = (server.config / "main.cf").read_text()
            server.write("main.cf", good + "smtp_header_checks = $header_checks\n")
            server.kick(signal.SIGHUP)
            server.wait_for_log(f"error: reload: delivery: open {server.config}/checks: No such file or directory; "
                                "the old configuration stays in force")
            server.write("main.cf", good + "body_checks = $header_checks\n")  # where it is as bad as before
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions use the new configuration")


class Complaints(unittest.TestCase):
    def test_about_a_shared_table_are_said_by_each_program_once(self):
        shared = ONE_TABLE + "body_checks = $header_checks\nsmtp_header_checks = $header_checks\n"
        master = "127.0.0.1:0 inet n - n - 20 smtpd\nlocalhost:0 inet n - n - 20 smtpd\n"
        with Server(shared, files={"checks": "/(/ REJECT bad\n"}, master=master) as server:
            def said():
                lines = [line for line in server.log().splitlines() if f"warning: pcre map {server.config}/checks, line " in line]
                return [sum(f"postfix/{program}[" in line for line in lines) for program in ("cleanup", "smtp")]
            at_start = said()
            self.assertEqual(at_start[0], at_start[1])
            self.assertGreater(at_start[0], 0)
            replace(server, "checks", "\n/(/ REJECT bad\n")
            server.wait_for_log("checks has changed", 1 + server.split)  # by FRONT and by DELIVER
            self.assertEqual(said(), [2 * n for n in at_start])


class UnderLoad(unittest.TestCase):
    def test_no_session_is_dropped_and_every_answer_is_of_one_table(self):
        """Many changes by rename, some of them taken by SIGHUP, some by the poll."""
        def table(n):
            return f"/^Subject: x/ REJECT version {n}\n" + "".join(f"/^X-{i}-{n}: y/ DUNNO\n" for i in range(20))

        patient = ONE_TABLE + "smtpd_soft_error_limit = 100000\nsmtpd_hard_error_limit = 100000\n"
        with Server(patient, files={"checks": table(0)}) as server:
            stop = threading.Event()
            trouble, versions, answers = [], set(), []

            # One session for the whole time; in the split some, because a reload leaves the old ones to a FRONT that
            # only looks at the files.
            messages = 10 if server.split else 10**9

            def client():
                try:
                    while not stop.is_set():
                        with server.client() as smtp:
                            smtp.ehlo()
                            for _ in range(messages):
                                if stop.is_set():
                                    break
                                text = answer(smtp)
                                if not text.startswith("550 5.7.1 version "):
                                    trouble.append(text)
                                versions.add(text)
                                answers.append(text)
                except (smtplib.SMTPException, OSError) as error:
                    trouble.append(repr(error))

            threads = [threading.Thread(target=client) for _ in range(3)]
            for thread in threads:
                thread.start()
            dice = random.Random(4)
            for n in range(1, 121):
                replace(server, "checks", table(n))
                if n % 10 == 0:
                    server.kick(signal.SIGHUP)
                    if dice.random() < 0.3:
                        server.kick(signal.SIGHUP)
                    server.wait_for_log("reload: new sessions use the new configuration", n // 10)
                    heard = len(answers)
                    until(lambda: trouble or len(answers) >= heard + 4, "answers after the reload")
            until(lambda: trouble or any("version 120" in v for v in versions), "the last table")
            stop.set()
            for thread in threads:
                thread.join()
            self.assertEqual(trouble, [])
            self.assertGreater(len(versions), 10)

    def test_a_big_table_is_loaded_while_sessions_go_on(self):
        big = "".join(f"/^X-{i}: (a|b){{3}}[0-9]+foo{i}.*bar/ REJECT n\n" for i in range(600))
        with Server(ONE_TABLE, files={"checks": "/^Subject: x/ REJECT old\n"}) as server:
            with server.client() as smtp:
                smtp.ehlo()
                replace(server, "checks", big + "/^Subject: x/ REJECT new\n")
                server.kick(signal.SIGHUP)
                until(lambda: "new" in answer(smtp), "the new rules")

    def test_a_stop_during_a_reload(self):
        with Server(ONE_TABLE, files={"checks": "/^Subject: x/ REJECT old\n"}) as server:
            send(server)
            server.kick(signal.SIGHUP)
            server.kick(signal.SIGTERM)
            self.assertEqual(server.stop(), 0)


class Services(unittest.TestCase):
    def test_a_service_that_is_taken_away_lets_its_message_end(self):
        second = free_port()
        keep = "127.0.0.1:0 inet n - n - 20 smtpd\n"
        with Server(master=keep + f"127.0.0.1:{second} inet n - n - 20 smtpd\n") as server:
            with smtplib.SMTP("127.0.0.1", second, local_hostname="client.example", timeout=30) as smtp:
                smtp.ehlo()
                smtp.mail("a@client.example")
                smtp.rcpt("me@here.example")
                smtp.putcmd("data")
                self.assertEqual(smtp.getreply()[0], 354)
                server.write("master.cf", keep)
                server.kick(signal.SIGHUP)
                server.wait_for_log("reload: new sessions use the new configuration")
                with self.assertRaises(OSError):
                    socket.create_connection(("127.0.0.1", second), timeout=5)
                smtp.send(b"Subject: late\r\n\r\nlate\r\n.\r\n")
                self.assertEqual(smtp.getreply()[0], 250)
                self.assertEqual(smtp.getreply()[0], 421)
                smtp.close()
            server.write("master.cf", keep + f"127.0.0.1:{second} inet n - n - 20 smtpd\n")
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions use the new configuration", 2)
            with smtplib.SMTP("127.0.0.1", second, local_hostname="client.example", timeout=30) as smtp:
                self.assertEqual(smtp.noop()[0], 250)

    def moved(self, server, old, new, count):
        """Moves the only service; a session of before goes on."""
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.example", timeout=30) as smtp:
            server.write("master.cf", f"{new} inet n - n - 20 smtpd\n")
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions use the new configuration", count)
            self.assertEqual(smtp.getreply()[0], 421)  # its service is gone
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.example", timeout=30) as smtp:
            self.assertEqual(smtp.noop()[0], 250)

    def test_a_listener_moves_on_its_port(self):
        self.port = free_port()
        narrow, wide = f"127.0.0.1:{self.port}", str(self.port)
        with Server("inet_interfaces = all\n", master=f"{narrow} inet n - n - 20 smtpd\n") as server:
            self.moved(server, narrow, wide, 1)
            self.moved(server, wide, narrow, 2)
            self.assertNotIn("Address already in use", server.log())

    def test_a_port_that_cannot_be_had_refuses_the_reload(self):
        self.port = free_port()
        with Server("inet_interfaces = all\n", master=f"127.0.0.1:{self.port} inet n - n - 20 smtpd\n") as server, \
                socket.socket() as other:
            other.bind(("127.0.0.2", self.port))
            other.listen()
            server.write("master.cf", f"{self.port} inet n - n - 20 smtpd\n")
            server.kick(signal.SIGHUP)
            server.wait_for_log(f"error: reload: service {self.port}: bind 0.0.0.0 port {self.port}: Address already in use; "
                                "the old configuration stays in force")
            for _ in range(3):
                with smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.example", timeout=30) as smtp:
                    self.assertEqual(smtp.noop()[0], 250)


if __name__ == "__main__":
    unittest.main()
