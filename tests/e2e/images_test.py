"""Compiled tables from the first start on: answers at once, scanned when the builder is done, at once after a restart; one
directory for several servers and for tools; old images go."""

import os
import shutil
import signal
import time
import unittest

from compiled_tables import ALONE, BUILDING, NOW_SCANNED, SLOW, images, is_scanned, is_valid, litter, mapped_images, row, wait_until_scanned
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
            self.assertEqual(mapped_images(server.process.pid), {str(images(server)[0])})
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


class OneDirectory(unittest.TestCase):
    def test_of_two_servers(self):
        with Server(MAIN, files={"checks": CHECKS}) as one:
            wait_until_scanned(one)
            shared = (ALONE + f"header_checks = pcre:{one.config}/checks\ncheck_table_poll_interval = 1s\n"
                      f"check_image_directory = {one.directory}/spool/images\n")
            with Server(shared) as two:
                self.assertTrue(is_scanned(two, config=one.config))
                self.assertNotIn(BUILDING, two.log())
                judge(self, two)
                # Both see the change, both may build.
                replace(one, "checks", CHECKS.replace("right", "new"))
                for server in one, two:
                    server.wait_for_log("checks has changed")
                    wait_until_scanned(server, config=one.config)
                    self.assertIn("new x", send(server))
                    self.assertNotIn("no database", server.log())
                self.assertEqual([is_valid(image) for image in images(one)], [True, True])
                self.assertEqual(litter(one), [])
                # What one removes the other goes on using.
                two.stop()
                for image in images(one):
                    image.unlink()
                self.assertTrue(is_scanned(one, config=one.config))
                self.assertIn("new x", send(one))

    def test_of_two_servers_that_start_cold_at_once(self):
        with Server(start=False) as one, Server(start=False) as two:
            one.write("checks", SLOW + CHECKS)
            for server in one, two:
                with open(server.config / "main.cf", "a") as main:
                    main.write(ALONE + f"header_checks = pcre:{one.config}/checks\ncheck_image_directory = {one.directory}/images\n")
                server.start()
            for server in one, two:
                judge(self, server)
                wait_until_scanned(server, config=one.config)
                judge(self, server)
                self.assertNotIn("no database", server.log())
            found = images(one, one.directory / "images")
            self.assertEqual([is_valid(image) for image in found], [True])
            self.assertEqual(litter(one, one.directory / "images"), [])

    def test_of_a_server_and_the_tools_of_its_configuration(self):
        with Server(MAIN, files={"checks": CHECKS}, start=False) as server:
            server.environment["HOME"] = str(server.directory / "home")
            server.environment.pop("XDG_CACHE_HOME", None)
            table = f"pcre:{server.config}/checks"
            self.assertEqual(server.run("compile", table).returncode, 0)
            self.assertEqual(len(images(server)), 1)
            self.assertFalse((server.directory / "home").exists())
            message = server.directory / "message"
            message.write_text("Subject: x\n\nx\n")
            commands = {"map": ["map", "-q", "Subject: x", table], "explain": ["explain", table, "Subject: x"],
                        "match": ["match", str(message)], "check": ["check"], "compile": ["compile", "--explain", table]}
            for name, command in commands.items():
                with self.subTest(name):
                    self.assertNotIn("not used", server.run(*command).stderr)
                    # Who says that an image is damaged has looked at it.
                    image = images(server)[0]
                    good = image.read_bytes()
                    image.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
                    done = server.run(*command)
                    self.assertIn(f"{image}: not a usable image: its checksum differs: it is not used", done.stderr)
                    self.assertIn("right" if name in ("map", "explain", "match") else "", done.stdout)
                    image.write_bytes(good)

    def test_of_somebody_else_is_left_alone(self):
        if os.geteuid() != 0:
            self.skipTest("only root can give a directory away")
        with Server(MAIN, files={"checks": CHECKS}) as server:
            wait_until_scanned(server)
            server.stop()
            directory = server.directory / "spool" / "images"
            for path in images(server) + [directory]:
                os.chown(path, 65534, 65534)
            before = [image.read_bytes() for image in images(server)]
            done = server.run("map", "-q", "Subject: x", f"pcre:{server.config}/checks")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "REJECT right x\n", ""))
            server.start()
            judge(self, server)
            server.wait_for_log("it belongs to another user (uid 65534), who could decide what is matched: chown it, or name "
                                "another check_image_directory")
            self.assertEqual([image.read_bytes() for image in images(server)], before)


class OldImages(unittest.TestCase):
    def test_go_when_something_new_is_built(self):
        with Server(MAIN, files={"checks": "/^Subject: x/ REJECT right 0\n"}) as server:
            wait_until_scanned(server)
            for n in range(1, 4):
                replace(server, "checks", f"/^Subject: x/ REJECT right {n}\n")
                server.kick(signal.SIGHUP)
                until(lambda: f"right {n}" in send(server), "the new table")
                wait_until_scanned(server)
            self.assertEqual(len(images(server)), 4)
            long_ago = time.time() - 31 * 86400
            for image in images(server):
                os.utime(image, (long_ago, long_ago))
            left = images(server)[0].with_name("0.image.1.2.tmp")
            left.write_bytes(b"half")
            os.utime(left, (long_ago, long_ago))
            replace(server, "checks", "/^Subject: x/ REJECT right at last\n")
            server.kick(signal.SIGHUP)
            until(lambda: "at last" in send(server), "the last table")
            wait_until_scanned(server)
            until(lambda: litter(server) == [], "the left-over to go")
            self.assertEqual([is_valid(image) for image in images(server)], [True])
            self.assertIn("at last", send(server))


if __name__ == "__main__":
    unittest.main()
