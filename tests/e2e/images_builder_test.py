"""The builder process killed, stopped, starved; its server killed; a table edited faster than it can be built."""

import os
import signal
import smtplib
import threading
import unittest

from compiled_tables import (ALONE, BUILDING, NOW_SCANNED, SLOW, builders, children, compilers_of, images, is_valid, litter,
                             mapped_images, open_descriptors, row, wait_until_scanned)
from headgate_server import Server, until
from reload_test import answer, replace, send

MAIN = ALONE + "header_checks = pcre:$config_directory/checks\ncheck_table_poll_interval = 1s\n"
RIGHT = "/^Subject: x/ REJECT right\n"


def stopped_builder(server):
    """The builder at work, held there, so that what a test does to it comes before its end."""
    pid = until(lambda: builders(server), "a builder")[0]
    os.kill(pid, signal.SIGSTOP)
    return pid


class Killed(unittest.TestCase):
    def test_costs_speed_until_the_next_reload(self):
        tables = MAIN + "body_checks = pcre:$config_directory/other\n"
        with Server(tables, files={"checks": SLOW + RIGHT, "other": "# nothing\n"}) as server:
            builder = stopped_builder(server)
            self.assertIn("right", send(server))
            self.assertEqual(row(server)["without_database"], "its database is being built")
            os.kill(builder, signal.SIGKILL)
            server.wait_for_log(f"warning: table pcre:{server.config}/checks: no database: ")
            self.assertIn("the builder of its database was killed by signal 9 (Killed): it is matched without; is there memory "
                          "enough?; its answers stay right, only slower; the next reload tries again", server.log())
            found = row(server)
            self.assertEqual((found["databases"], found["patterns"]["native"]), (0, 0))
            self.assertIn("killed by signal 9", found["without_database"])
            self.assertIn("right", send(server))
            until(lambda: compilers_of(server.directory) == [], "its workers to end, too")
            self.assertEqual(images(server), [])

            # Looks at the files are no reason to try again ...
            for n in (1, 2):
                replace(server, "other", f"# still nothing {n}\n")
                server.wait_for_log("other has changed", n)
            self.assertEqual(server.log().count(BUILDING), 1)
            # ... a reload is, once.
            server.kick(signal.SIGHUP)
            server.wait_for_log(f"checks {NOW_SCANNED}")
            self.assertEqual(server.log().count(BUILDING), 2)
            self.assertIn("right", send(server))
            self.assertTrue(is_valid(images(server)[0]))

    def test_with_its_server(self):
        with Server(MAIN, files={"checks": SLOW + RIGHT}) as server:
            stopped_builder(server)
            server.kill()
            until(lambda: compilers_of(server.directory) == [], "the builder to end with its server")
            server.start()
            self.assertIn("right", send(server))
            wait_until_scanned(server)

    def test_by_a_stop_of_the_server(self):
        with Server(MAIN, files={"checks": SLOW + RIGHT}) as server:
            stopped_builder(server)
            self.assertEqual(server.stop(), 0)
            self.assertEqual(compilers_of(server.directory), [])
            self.assertEqual(images(server), [])


class Limits(unittest.TestCase):
    def test_of_time(self):
        with Server(MAIN + "check_compile_time_limit = 1s\n", files={"checks": SLOW + RIGHT}) as server:
            stopped_builder(server)
            server.wait_for_log("building its database takes longer than 1 s (check_compile_time_limit): it is matched without; "
                                "its answers stay right, only slower; the next reload tries again")
            self.assertIn("right", send(server))
            self.assertIn("check_compile_time_limit", row(server)["without_database"])
            until(lambda: compilers_of(server.directory) == [], "the builder to end")

    def test_a_pattern_too_dear_for_a_database_costs_its_own_rule(self):
        """It goes on with the reference engine; the other rules are scanned for."""
        dear = "([a-z]{2,30}[0-9]{2,30}){8}x"
        with Server(MAIN + "check_pattern_time_limit = 1s\n", files={"checks": f"/^X-Y: {dear}/ REJECT dear\n{RIGHT}"}) as server:
            self.assertIn("right", send(server))
            wait_until_scanned(server)
            patterns = row(server)["patterns"]
            self.assertEqual((patterns["native"], patterns["confirm_only"]), (1, 1))
            self.assertRegex(server.run("compile", "--explain", f"pcre:{server.config}/checks").stdout, "line +1 +rule confirm-only ")
            with server.client() as smtp:
                with self.assertRaises(smtplib.SMTPDataError) as refused:
                    smtp.sendmail("a@client.example", ["me@here.example"], "X-Y: " + "ab12" * 8 + "x\n\nx\n")
            self.assertIn(b"dear", refused.exception.smtp_error)


class Bombs(unittest.TestCase):
    def test_cost_their_own_rules(self):
        bomb = "/(^^\\?||\\^{0,1}{,2}{,2}{2}{2}+?(a*)+)/ REJECT bomb\n"
        with Server(ALONE + "header_checks = regexp:$config_directory/checks\n", files={"checks": bomb + RIGHT}) as server:
            self.assertRegex(server.log(), f"warning: regexp map {server.config}/checks, line 1: this pattern takes too "
                             r"(long|much memory) to compile: skipping this rule")
            self.assertIn("right", send(server))
            wait_until_scanned(server, kind="regexp")
            self.assertIn("right", send(server))
            self.assertTrue(send(server, "a" * 200).startswith("250 "))
            self.assertEqual(row(server, kind="regexp")["rules"], 1)


class Hammered(unittest.TestCase):
    def test_a_table_edited_under_sessions(self):
        def table(n):
            return f"/^Subject: x/ REJECT version {n}\n" + "".join(f"/^X-{i}-{n}: y.*z/ DUNNO\n" for i in range(40))

        patient = MAIN + "smtpd_soft_error_limit = 100000\nsmtpd_hard_error_limit = 100000\n"
        with Server(patient, files={"checks": table(0)}) as server:
            pid = server.process.pid
            self.assertIn("version 0", send(server))
            wait_until_scanned(server)
            until(lambda: children(pid) == [], "the first builder to be waited for")
            at_rest = open_descriptors(pid)
            stop, trouble, answers, most = threading.Event(), [], [], [0]

            def client():
                try:
                    with server.client() as smtp:  # one session for the whole time
                        smtp.ehlo()
                        while not stop.is_set():
                            text = answer(smtp)
                            answers.append(text)
                            if not text.startswith("550 5.7.1 version "):
                                trouble.append(text)
                except (smtplib.SMTPException, OSError) as error:
                    trouble.append(repr(error))

            def watch():
                while not stop.is_set():
                    most[0] = max(most[0], len(children(pid)))

            threads = [threading.Thread(target=client) for _ in range(3)] + [threading.Thread(target=watch)]
            for thread in threads:
                thread.start()
            try:
                for n in range(1, 151):
                    if n < 75:
                        server.write("checks", table(n))  # in place: who reads it now sees half of it, or nothing
                    else:
                        replace(server, "checks", table(n))
                        if n % 5 == 0:
                            server.kick(signal.SIGHUP)
                    heard = len(answers)
                    until(lambda: trouble or len(answers) > heard, "an answer between two edits")
                until(lambda: trouble or "version 150" in answers[-1], "the last table")
                until(lambda: trouble or row(server)["databases"], f"its database; log:\n{server.log()[-3000:]}")
            finally:
                stop.set()
                for thread in threads:
                    thread.join()
            self.assertEqual(trouble[:3], [])
            self.assertIn("version 150", send(server))
            self.assertEqual(most[0], 1, "one builder at a time")
            self.assertEqual(server.log().count("no database"), 0)
            until(lambda: children(pid) == [], "all builders to be waited for")
            until(lambda: open_descriptors(pid) <= at_rest, "the descriptors to be closed")
            until(lambda: len(mapped_images(pid)) == 1, "old images to be let go")
            self.assertEqual(litter(server), [])


if __name__ == "__main__":
    unittest.main()
