"""One directory of images for several servers and for the tools; one that belongs to somebody else."""

import os
import signal
import unittest

from compiled_tables import ALONE, BUILDING, SLOW, images, is_scanned, is_valid, litter, wait_until_scanned
from headgate_server import Server
from images_test import CHECKS, MAIN, judge
from reload_test import replace, send


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
                    server.kick(signal.SIGHUP)
                for server in one, two:
                    server.wait_for_log("reload: new sessions use the new configuration")
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


if __name__ == "__main__":
    unittest.main()
