"""A libhs that lies or refuses, preloaded into the real programs: refused by the self-test, loudly; the answers stay right.
$BROKEN_LIBHS_OBJECT names the stub (broken_libhs.cc); ctest sets it."""

import os
import signal
import unittest

from compiled_tables import ALONE, images, row, wait_until_scanned
from headgate_server import Server
from reload_test import replace, send

STUB = os.environ.get("BROKEN_LIBHS_OBJECT", "")
MAIN = (ALONE + "header_checks = pcre:$config_directory/checks, regexp:$config_directory/posix\ncheck_table_poll_interval = 1s\n")
FILES = {"checks": "/^Subject: x(.*)/ REJECT right$1\nif /^Subject/\n/viagra/ REJECT inner\nendif\n",
         "posix": "/^Subject: (y+)$/ REJECT posix $1\n"}
CURES = {"scan": "reinstall libhyperscan5 (libvectorscan5 will not do) and restart",
         "forgetful": "reinstall libhyperscan5 (libvectorscan5 will not do) and restart",
         "deserialize": "reinstall libhyperscan5 (libvectorscan5 will not do) and restart",
         "platform": "a virtual machine may have to be told to show its host's CPU"}


@unittest.skipUnless(STUB, "BROKEN_LIBHS_OBJECT names no stub")
class BrokenLibhs(unittest.TestCase):
    def judge(self, server):
        self.assertIn("right and more", send(server, "x and more"))
        self.assertIn("inner", send(server, "buy ViAgRa"))
        self.assertIn("posix yyy", send(server, "yyy"))
        self.assertTrue(send(server, "else").startswith("250 "))

    def preloaded(self, how, **options):
        return Server(MAIN, files=FILES, environment={"LD_PRELOAD": STUB, "BROKEN_LIBHS": how}, **options)

    def test_is_refused_and_served_without(self):
        for how, cure in CURES.items():
            with self.subTest(how), self.preloaded(how) as server:
                self.judge(server)
                line = next(line for line in server.log().splitlines() if cure in line)
                self.assertIn("warning: ", line)
                self.assertIn("it is not used, patterns are tried one by one", line)
                self.assertEqual(server.log().count(cure), 1)
                for kind, table in ("pcre", "checks"), ("regexp", "posix"):
                    found = row(server, table, kind)
                    self.assertEqual((found["databases"], found["without_database"]), (0, "libhs failed its self-test"))
                # A change and a reload go on without it, and nothing is built.
                replace(server, "checks", FILES["checks"].replace("right", "new"))
                server.kick(signal.SIGHUP)
                server.wait_for_log("reload: new sessions use the new configuration")
                self.assertIn("new and more", send(server, "x and more"))
                self.assertIn("posix yyy", send(server, "yyy"))
                self.assertNotIn("building a database", server.log())
                self.assertEqual(images(server), [])
                self.assertEqual(server.stop(), 0)
                self.assertIn(cure, server.errors)
                self.assertIn("tables are matched by PCRE2 and regexec alone, which is slow", server.errors)

    def test_images_of_better_days_are_not_touched(self):
        with Server(MAIN, files=FILES) as server:
            wait_until_scanned(server)
            wait_until_scanned(server, "posix", "regexp")
            server.stop()
            before = {image: image.read_bytes() for image in images(server)}
            server.environment.update(LD_PRELOAD=STUB, BROKEN_LIBHS="scan")
            server.start()
            self.judge(server)
            self.assertEqual(row(server)["databases"], 0)
            server.stop()
            self.assertEqual({image: image.read_bytes() for image in images(server)}, before)
            del server.environment["LD_PRELOAD"]
            server.start()
            self.assertGreater(row(server)["databases"], 0)
            self.judge(server)

    def test_the_tools_say_it(self):
        for how, cure in CURES.items():
            with self.subTest(how), self.preloaded(how, start=False) as server:
                doctor = server.run("doctor")
                self.assertEqual(doctor.returncode, 69)
                self.assertIn("self-test FAILED", doctor.stdout)
                self.assertIn(cure, doctor.stderr)
                check = server.run("check")
                self.assertEqual(check.returncode, 69, check.stderr)
                self.assertEqual(check.stderr.count(cure), 1)
                self.assertNotIn("no mistakes", check.stdout)
                server.write("posix", "/(/ X\n")
                self.assertEqual(server.run("check").returncode, 65)
                table = f"pcre:{server.config}/checks"
                found = server.run("map", "-q", "Subject: buy viagra", table)
                self.assertEqual((found.returncode, found.stdout), (0, "REJECT inner\n"))
                self.assertIn(cure, found.stderr)
                self.assertEqual(images(server), [])

    def test_the_stub_itself_does_no_harm(self):
        with self.preloaded("") as server:
            wait_until_scanned(server)
            self.judge(server)
            self.assertEqual(server.run("doctor").returncode, 0)
            self.assertEqual(server.run("check").returncode, 0)


if __name__ == "__main__":
    unittest.main()
