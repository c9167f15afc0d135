"""Compiled tables under a running server: built when it runs already, replaced under load, damaged and mended."""

import os
import smtplib
import struct
import threading
import unittest

from headgate_server import Server, until

MAIN = "header_checks = hash:$config_directory/checks\ncheck_table_poll_interval = 1s\n"


def cdb_hash(key):
    value = 5381
    for byte in key:
        value = (value * 33 & 0xffffffff) ^ byte
    return value


def cdb(entries):
    """The bytes of a cdb file."""
    records, tables = b"", [[] for _ in range(256)]
    for key, value in entries.items():
        tables[cdb_hash(key) & 255].append((cdb_hash(key), 2048 + len(records)))
        records += struct.pack("<II", len(key), len(value)) + key + value
    header, index = b"", b""
    for table in tables:
        slots = [(0, 0)] * (2 * len(table))
        header += struct.pack("<II", 2048 + len(records) + len(index), len(slots))
        for value, position in table:
            at = (value >> 8) % len(slots)
            while slots[at][1]:
                at = (at + 1) % len(slots)
            slots[at] = (value, position)
        index += b"".join(struct.pack("<II", *slot) for slot in slots)
    return header + records + index


def publish(server, content, name="checks.cdb"):
    fresh = server.config / (name + ".new")
    fresh.write_bytes(content)
    os.rename(fresh, server.config / name)


def rule(text):
    return cdb({b"Subject: x": b"REJECT " + text.encode()})


def answer(smtp, subject="x"):
    """The reply at the end of a message."""
    try:
        smtp.mail("a@client.example")
        smtp.rcpt("me@here.example")
        code, text = smtp.data(f"Subject: {subject}\n\nx\n")
        return f"{code} {text.decode()}"
    except smtplib.SMTPDataError as error:
        return f"{error.smtp_code} {error.smtp_error.decode()}"


def send(server, subject="x"):
    with server.client() as smtp:
        return answer(smtp, subject)


class CompiledTables(unittest.TestCase):
    def test_a_hash_table_is_served_when_it_is_built(self):
        with Server(MAIN) as server:
            self.assertIn('Berkeley DB is not supported; run "headgate map hash:', server.log())
            self.assertEqual(send(server)[:3], "451")
            publish(server, rule("built"))
            until(lambda: "built" in send(server), "the table that was built")
            self.assertEqual(send(server, "y")[:3], "250")

    def test_damage_leaves_the_last_good_one(self):
        with Server(MAIN, files={"checks": ""}) as server:
            publish(server, rule("old"))
            until(lambda: "old" in send(server), "the first table")
            publish(server, rule("new")[:-1])
            server.wait_for_log("checks.cdb is damaged: ")
            self.assertIn("old", send(server))
            publish(server, rule("new"))
            until(lambda: "new" in send(server), "the mended table")

    def test_a_file_that_is_cut_in_use_kills_nobody(self):
        with Server(MAIN) as server:
            publish(server, rule("old"))
            until(lambda: "old" in send(server), "the first table")
            os.truncate(server.config / "checks.cdb", 0)
            self.assertEqual([send(server)[:3], send(server, "y")[:3]], ["451", "451"])
            publish(server, rule("new"))
            until(lambda: "new" in send(server), "the table that is whole")
            self.assertNotIn("died", server.log())

    def test_replaced_under_load(self):
        """Each answer is an old or a new one, none fails, and no session sees an older one after a newer one."""
        with Server(MAIN) as server:
            publish(server, rule("generation 0000."))
            until(lambda: "generation" in send(server), "the first table")
            done, wrong, last = threading.Event(), [], []

            def ask():
                newest = ""
                with server.client() as smtp:
                    while not done.is_set():
                        reply = answer(smtp)
                        if "generation" not in reply or reply < newest:
                            wrong.append((newest, reply))
                        newest = reply
                last.append(newest)

            threads = [threading.Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            for i in range(1, 6):
                for j in range(10):
                    publish(server, rule(f"generation {i:03}{j}."))
                until(lambda i=i: f"generation {i:03}9." in send(server), f"generation {i}")
            done.set()
            for thread in threads:
                thread.join()
            self.assertEqual(wrong, [])
            self.assertEqual(len(last), 4)


if __name__ == "__main__":
    unittest.main(verbosity=2)
