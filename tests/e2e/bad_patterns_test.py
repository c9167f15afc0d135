"""A pattern that is too much for regcomp, or for a database, costs its own rule and nothing else."""

import signal
import smtplib
import unittest

from compiled_tables import ALONE, NOW_SCANNED, images, processes, row, wait_until_scanned, workers
from headgate_server import PATIENCE, Server, until
from reload_test import send

MAIN = ALONE + "header_checks = pcre:$config_directory/checks\n"
RIGHT = "/^Subject: x/ REJECT right\n"


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


class Stop(unittest.TestCase):
    def test_does_not_wait_for_the_trials_of_a_table(self):
        """Of these sixty patterns five may take two seconds each and the others a tenth: a quarter of a minute."""
        bombs = "".join(f"/{'(a?|b?)' * 24}*(({'(a?|b?)' * 24})*{n})*/ REJECT bomb\n" for n in range(60))
        main = ALONE + "header_checks = regexp:$config_directory/checks\ncheck_table_poll_interval = 1s\n"
        with Server(main, files={"checks": RIGHT}) as server:
            self.assertIn("right", send(server))
            server.write("checks", bombs + RIGHT)
            server.kick(signal.SIGHUP)
            tried = until(lambda: workers(server), "a trial")[0]
            server.kick(signal.SIGTERM)
            self.assertEqual(server.process.wait(PATIENCE), 0)
            self.assertIn("terminating: leaving a table that is still being read or its patterns tried", server.log())
            self.assertNotIn("leaving content checks", server.log())
            until(lambda: all(pid != tried[0] or state == "Z" for pid, _, state, _ in processes()), "the trial to end, too")


class Dear(unittest.TestCase):
    def test_a_pattern_too_dear_for_a_database_costs_its_own_rule(self):
        """It goes on with the reference engine; the other rules are scanned for."""
        dear = "a(?>[^x]{1,30})b(?>[^y]{1,30})c" * 20  # five seconds
        with Server(MAIN + "check_pattern_time_limit = 1s\n", files={"checks": f"/{dear}/ REJECT dear\n{RIGHT}"}) as server:
            self.assertIn("right", send(server))
            wait_until_scanned(server)
            patterns = row(server)["patterns"]
            self.assertEqual((patterns["literal"], patterns["native"], patterns["prefilter"]), (1, 0, 0))
            self.assertRegex(server.run("compile", "--explain", f"pcre:{server.config}/checks").stdout, "line +1 +rule (confirm-only|bytes) ")
            with server.client() as smtp:
                with self.assertRaises(smtplib.SMTPDataError) as refused:
                    smtp.sendmail("a@client.example", ["me@here.example"], "X-Y: " + f"a{'m' * 30}b{'m' * 30}c" * 20 + "\n\nx\n")
            self.assertIn(b"dear", refused.exception.smtp_error)

    def test_a_table_of_nothing_else_is_built_once_and_said(self):
        with Server(MAIN, files={"checks": "/^Subject: (x)\\1/ REJECT right\n"}) as server:
            server.wait_for_log("patterns, built in")
            server.wait_for_log(f"table pcre:{server.config}/checks ")
            self.assertIn("right", send(server, "xx"))
            found = row(server)
            said = NOW_SCANNED if found["databases"] else "has no pattern that can be scanned for: the reference engine goes on"
            server.wait_for_log(said)
            self.assertEqual(len(images(server)), 1)


if __name__ == "__main__":
    unittest.main()
