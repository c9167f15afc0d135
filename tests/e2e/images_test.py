"""Compiled tables from the first start on: answers at once, scanned when the builder is done, at once after a restart; old
images go."""

import os
import shutil
import signal
import time
import unittest

from compiled_tables import ALONE, BUILDING, NOW_SCANNED, SLOW, front, images, is_scanned, is_valid, litter, mapped_images, row, wait_until_scanned
from headgate_server import Server, headgate, until
from reload_test import replace, send

MAIN = ALONE + "header_checks = pcre:$config_directory/checks\ncheck_table_poll_interval = 1s\n"
CHECKS = "/^Subject: (x)/ REJECT right $1\n/^Subject: q(?=y)/ REJECT ahead\n"


def judge(test, server):
    """The table's verdicts, whoever finds them."""
    test.assertIn("550 5.7.1 right x", send(server, "x"))
    test.assertIn("550 5.7.1 ahead", send(server, "qy"))
    test.assertTrue(send(server, "q").startswith("250 "))


class FromColdToWarm(unittest.TestCase):
    def test_right_at_once_then_scanned_then_scanned_from_the_start(self):
        with Server(MAIN, files={"checks": SLOW + CHECKS}) as server:
            name = f"table pcre:{server.config}/checks"
            judge(self, server)
            server.wait_for_log(f"{name}: {BUILDING} of 402 patterns; until it is there the reference engine answers alone")
            server.wait_for_log(f"{name} {NOW_SCANNED}")
            self.assertEqual(len(images(server)), 1)
            self.assertEqual(litter(server), [])
            self.assertTrue(is_valid(images(server)[0]))
            self.assertEqual(mapped_images(front(server)), {str(images(server)[0])})
            found = row(server)
            self.assertGreater(found["databases"], 0)
            self.assertNotIn("without_database", found)
            self.assertIn(" database", server.run("status").stdout)
            judge(self, server)
            self.assertEqual(server.stop(), 0)

            before = images(server)[0].read_bytes()
            server.start()
            self.assertTrue(is_scanned(server))
            judge(self, server)
            self.assertEqual(server.log().count(BUILDING), 1)
            self.assertEqual(images(server)[0].read_bytes(), before)

    def test_a_program_without_its_builder_says_so(self):
        with Server(MAIN, files={"checks": CHECKS}, start=False) as server:
            server.program = shutil.copy(headgate(), server.directory / "headgate")
            server.environment["PATH"] = str(server.directory)
            server.start()
            server.wait_for_log("headgate-compiler was found neither beside this program nor in $PATH: tables are matched "
                                "without databases until it is installed; its answers stay right, only slower; the next "
                                "reload tries again")
            judge(self, server)
            self.assertIn("until it is installed", row(server)["without_database"])
            self.assertIn("matching without a database because headgate-compiler was found neither", server.run("status").stdout)
            os.symlink(os.path.join(os.path.dirname(headgate()), "headgate-compiler"), server.directory / "headgate-compiler")
            server.kick(signal.SIGHUP)
            wait_until_scanned(server)
            judge(self, server)


class OldImages(unittest.TestCase):
    def test_go_when_something_new_is_built(self):
        with Server(MAIN, files={"checks": "/^Subject: x/ REJECT right 0\n"}) as server:
            wait_until_scanned(server)
            for n in range(1, 4):
                old = images(server)
                replace(server, "checks", f"/^Subject: x/ REJECT right {n}\n")
                server.kick(signal.SIGHUP)
                until(lambda: f"right {n}" in send(server), "the new table")
                wait_until_scanned(server)
            self.assertEqual(len(images(server)), 4)
            (in_use,) = set(images(server)) - set(old)  # who maps it may say at any time that it is used
            long_ago = time.time() - 31 * 86400
            for image in images(server):
                os.utime(image, (long_ago, long_ago))
            left = images(server)[0].with_name("0" * 64 + ".image.1.2.tmp")
            left.write_bytes(b"half")
            os.utime(left, (long_ago, long_ago))
            replace(server, "checks", "/^Subject: x/ REJECT right at last\n")
            server.kick(signal.SIGHUP)
            until(lambda: "at last" in send(server), "the last table")
            wait_until_scanned(server)
            until(lambda: litter(server) == [], "the left-over to go")
            self.assertEqual([is_valid(image) for image in images(server) if image != in_use], [True])
            self.assertIn("at last", send(server))


if __name__ == "__main__":
    unittest.main()
