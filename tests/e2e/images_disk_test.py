"""The disk of check_image_directory is full, or read-only: a small file system of the test's own, in a private mount
namespace; skipped where that is not permitted."""

import ctypes
import errno
import os
import signal
import subprocess
import unittest

from compiled_tables import ALONE, BUILDING, NOW_SCANNED, images, is_scanned, is_valid, litter, row, wait_until_scanned
from headgate_server import Server, until
from reload_test import replace, send

CLONE_NEWNS = 0x00020000
MAIN = (ALONE + "header_checks = pcre:$config_directory/checks\ncheck_table_poll_interval = 1s\n"
        "check_image_directory = $config_directory/images\n")


def private_mounts():
    """What this process and its children mount from now on nobody else sees. Says why when it cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        return os.strerror(ctypes.get_errno())
    done = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else ""


class Disk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        problem = private_mounts()
        if problem:
            raise unittest.SkipTest("needs a mount namespace of its own (root, CAP_SYS_ADMIN): " + problem)

    def server(self, **files):
        server = Server(MAIN, files=files, start=False)
        self.addCleanup(server.__exit__)
        self.disk = server.config / "images"
        self.disk.mkdir(mode=0o700)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", self.disk], capture_output=True, text=True)
        if done.returncode:
            self.skipTest("cannot mount a tmpfs: " + done.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk])
        return server

    def remount(self, how):
        subprocess.run(["mount", "-o", "remount," + how, self.disk], check=True)

    def fill(self):
        with open(self.disk / "filler", "ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)

    def make_room(self):
        (self.disk / "filler").unlink()

    def test_full_at_the_start_then_with_room(self):
        server = self.server(checks="/^Subject: x/ REJECT right\n")
        self.fill()
        server.start()
        self.assertIn("right", send(server))
        server.wait_for_log(f"warning: table pcre:{server.config}/checks: no database: ")
        self.assertIn("No space left on device; its answers stay right, only slower; the next reload tries again", server.log())
        self.assertIn("No space left on device", row(server)["without_database"])
        self.assertEqual(litter(server, self.disk), ["filler"])
        self.assertEqual(images(server, self.disk), [])
        self.assertIn("right", send(server))
        self.assertTrue(send(server, "y").startswith("250 "))
        server.wait_for_mail(1)
        self.assertEqual(server.log().count(BUILDING), 1)

        self.make_room()
        server.kick(signal.SIGHUP)
        server.wait_for_log(f"checks {NOW_SCANNED}")
        self.assertTrue(is_valid(images(server, self.disk)[0]))
        self.assertIn("right", send(server))

    def test_full_when_a_table_changes(self):
        server = self.server(checks="/^Subject: x/ REJECT old\n")
        server.start()
        wait_until_scanned(server)
        self.fill()
        replace(server, "checks", "/^Subject: x/ REJECT new\n")
        server.kick(signal.SIGHUP)
        server.wait_for_log("no database: ")
        self.assertIn("new", send(server))
        self.assertFalse(is_scanned(server))
        # What is there is used, the disk being full or not.
        replace(server, "checks", "/^Subject: x/ REJECT old\n")
        server.kick(signal.SIGHUP)
        until(lambda: "old" in send(server), "the old rules")
        self.assertTrue(is_scanned(server))
        # Nor does a restart need room.
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assertTrue(is_scanned(server))

    def test_what_is_too_old_makes_room(self):
        server = self.server(checks="/^Subject: x/ REJECT right\n")
        self.fill()
        long_ago = 86400
        left = self.disk / ("0" * 64 + ".image.1.2.tmp")  # as a builder leaves that was killed
        os.rename(self.disk / "filler", left)
        os.utime(left, (long_ago, long_ago))
        server.start()
        wait_until_scanned(server)
        self.assertEqual(litter(server, self.disk), [])

    def test_read_only(self):
        server = self.server(checks="/^Subject: x/ REJECT right\n")
        server.start()
        wait_until_scanned(server)
        server.stop()
        self.remount("ro")
        server.start()
        self.assertTrue(is_scanned(server))
        replace(server, "checks", "/^Subject: x/ REJECT new\n")
        server.kick(signal.SIGHUP)
        server.wait_for_log("Read-only file system; its answers stay right, only slower; the next reload tries again")
        self.assertIn("new", send(server))
        self.remount("rw")
        server.kick(signal.SIGHUP)
        wait_until_scanned(server)
        self.assertIn("new", send(server))


if __name__ == "__main__":
    unittest.main()
