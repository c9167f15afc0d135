"""Images damaged in every way: refused, said, answered without, built again. Each single byte of an image:
tests/compiler/back/image_test.cc (in memory), tests/compiler/store/image_source_test.cc (on disk)."""

import os
import pathlib
import unittest

from compiled_tables import ALONE, HEADER_BYTES, NOW_SCANNED, images, is_scanned, is_valid, row, wait_until_scanned
from headgate_server import Server, until
from reload_test import replace, send

MAIN = ALONE + "header_checks = pcre:$config_directory/checks\n"
CHECKS = "/^Subject: x/ REJECT right\n/^Subject: (y)(?=z)/ REJECT ahead $1\n"


def publish(image, data):
    fresh = image.with_suffix(".new")
    fresh.write_bytes(data)
    os.rename(fresh, image)


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1:]


def truncated(image, data):
    publish(image, data[:len(data) // 2])


def a_directory(image, _):
    image.unlink()
    image.mkdir()


def a_symbolic_link(image, data):
    other = image.with_suffix(".other")
    other.write_bytes(data)
    image.unlink()
    image.symlink_to(other)


def writable_by_all(image, _):
    image.chmod(0o666)


# A name a kind; the offsets are those of docs/image_format.md.
DAMAGE = {
    **{f"byte{at}": (lambda image, data, at=at: publish(image, flipped(data, at)))
       for at in (0, 72, HEADER_BYTES)},
    "middle": lambda image, data: publish(image, flipped(data, len(data) // 2)),
    "database": lambda image, data: publish(image, flipped(data, len(data) - 70)),
    "truncated": truncated,
    "header_only": lambda image, data: publish(image, data[:HEADER_BYTES]),
    "empty": lambda image, _: publish(image, b""),
    "text": lambda image, _: publish(image, b"Subject: x\n" * 1000),
    "directory": a_directory,
    "link": a_symbolic_link,
    "writable": writable_by_all,
}


class AtTheStart(unittest.TestCase):
    def test_each_kind_is_refused_said_and_built_again(self):
        """A table a kind, all in one header_checks list: the server starts on what is left of their images."""
        kinds = list(DAMAGE)
        lists = ALONE + "header_checks =\n" + "".join(f"  pcre:$config_directory/{kind}\n" for kind in kinds)
        files = {kind: f"/^Subject: {kind}$/ REJECT right {kind}.\n" for kind in kinds}
        with Server(lists, files=files, start=False) as server:
            done = server.run("compile", "--all")
            self.assertEqual(done.returncode, 0, done.stderr)
            found = {kind: next(i for i in images(server) if f"REJECT right {kind}.".encode() in i.read_bytes()) for kind in kinds}
            good = {kind: image.read_bytes() for kind, image in found.items()}
            for kind, image in found.items():
                DAMAGE[kind](image, good[kind])
            server.start()
            log = server.log()
            for kind, image in found.items():
                with self.subTest(kind):
                    self.assertIn(f"right {kind}", send(server, kind))
                    self.assertRegex(log, f"warning: {image}: .*: (it is not used, a new one has to be built|matching without it)")
            server.wait_for_log(NOW_SCANNED, len(kinds))
            for kind, image in found.items():
                with self.subTest(kind):
                    self.assertTrue(is_scanned(server, kind))
                    self.assertIn(f"right {kind}", send(server, kind))
                    self.assertTrue(image.is_file() and not image.is_symlink())
                    self.assertTrue(is_valid(image))
                    self.assertEqual(image.read_bytes(), good[kind])

    def test_a_directory_with_something_in_it_is_named_with_the_cure(self):
        with Server(MAIN, files={"checks": CHECKS}) as server:
            wait_until_scanned(server)
            server.stop()
            image = images(server)[0]
            image.unlink()
            (image / "full").mkdir(parents=True)
            server.start()
            self.assertIn("right", send(server))
            server.wait_for_log(f"Is a directory: remove {image}; its answers stay right, only slower; the next reload tries again")
            self.assertIn(f"remove {image}", row(server)["without_database"])


class InUse(unittest.TestCase):
    def test_is_seen_by_the_next_reload(self):
        with Server(MAIN + "check_table_poll_interval = 1s\nbody_checks = pcre:$config_directory/other\n",
                    files={"checks": CHECKS, "other": "# nothing\n"}) as server:
            wait_until_scanned(server)
            image = images(server)[0]
            publish(image, flipped(image.read_bytes(), 300))
            self.assertIn("right", send(server))  # the one that is mapped was whole
            server.kick(1)
            server.wait_for_log(f"warning: {image}: not a usable image: its checksum differs")
            self.assertIn("right", send(server))
            server.wait_for_log(NOW_SCANNED, 2)
            self.assertTrue(is_valid(image))
            # The whole directory gone is no harm either.
            for path in pathlib.Path(image.parent).iterdir():
                path.unlink()
            image.parent.rmdir()
            self.assertIn("right", send(server))
            replace(server, "checks", CHECKS.replace("right", "new"))
            server.kick(1)
            until(lambda: "new" in send(server), "the new rules")
            wait_until_scanned(server)


if __name__ == "__main__":
    unittest.main()
