"""The builder process killed, stopped, out of time; its server killed or stopped."""

import os
import pathlib
import signal
import unittest

from compiled_tables import ALONE, BUILDING, NOW_SCANNED, SLOW, builders, compilers_of, images, is_valid, row, wait_until_scanned
from headgate_server import Server, until
from reload_test import replace, send

MAIN = ALONE + "header_checks = pcre:$config_directory/checks\ncheck_table_poll_interval = 1s\n"
RIGHT = "/^Subject: x/ REJECT right\n"


def stopped_builder(server):
    """The builder at work, held there, so that what a test does to it comes before its end."""
    pid = until(lambda: builders(server), "a builder")[0]
    # Stopped before it has tied its life to the server's it could not hear of the server's end; its priority comes after that.
    until(lambda: os.getpriority(os.PRIO_PROCESS, pid) >= 10, "the builder to have limited itself")
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
            replace(server, "other", "# still nothing\n")
            server.wait_for_log("other has changed")
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


class Started(unittest.TestCase):
    def test_by_a_server_that_was_started_with_its_children_ignored(self):
        with Server(MAIN, files={"checks": RIGHT}, start=False) as server:
            program = server.directory / "ignoring"
            program.write_text(f'#!/bin/sh\nexec env --ignore-signal=CHLD {server.program} "$@"\n')
            program.chmod(0o755)
            plain, server.program = server.program, str(program)
            server.start()
            server.program = plain
            wait_until_scanned(server)
            self.assertNotIn("no database: ", server.log())

    def test_as_what_the_kernel_ends_first_when_memory_is_short(self):
        with Server(MAIN, files={"checks": SLOW + RIGHT}) as server:
            builder = until(lambda: builders(server), "a builder")[0]

            def score(pid):
                try:
                    return int(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text())
                except OSError:  # gone meanwhile
                    return None
            until(lambda: score(builder) == 1000, "its score")
            until(lambda: any(pid != builder and score(pid) == 1000 for pid in compilers_of(server.directory)), "a worker's score")
            self.assertLess(score(server.process.pid), 1000)


class Limits(unittest.TestCase):
    def test_of_time(self):
        with Server(MAIN + "check_compile_time_limit = 1s\n", files={"checks": SLOW + RIGHT}) as server:
            stopped_builder(server)
            server.wait_for_log("building its database takes longer than 1 s (check_compile_time_limit): it is matched without; "
                                "its answers stay right, only slower; the next reload tries again")
            self.assertIn("right", send(server))
            self.assertIn("check_compile_time_limit", row(server)["without_database"])
            until(lambda: compilers_of(server.directory) == [], "the builder to end")


if __name__ == "__main__":
    unittest.main()
