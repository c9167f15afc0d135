"""Many messages from real clients at once: each acknowledged one is found, byte for byte (trace headers excepted), in the
Maildir, or at Postfix's smtp-sink behind relayhost. The size is small here; HEADGATE_LOAD=full is the acceptance run."""

import collections
import os
import pathlib
import random
import shutil
import smtplib
import subprocess
import tempfile
import threading
import unittest

from headgate_server import Server, free_port, until

FULL = os.environ.get("HEADGATE_LOAD") == "full"
MESSAGES = 2000 if FULL else 200
PATIENCE = 120


def program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def content_of(delivered):
    """The message as its sender wrote it: what begins with the first header of ours."""
    return delivered[delivered.index(b"X-Number: "):]


def random_message(number, dice):
    lines = [b"X-Number: %d" % number, b"Subject: load %d" % number, b"Message-ID: <%d@client.example>" % number,
             b"From: a@client.example", b"Date: Mon, 02 Mar 2026 10:00:00 +0000", b""]
    for _ in range(dice.randrange(1, 60)):
        line = bytes(dice.choice(b"abcdefghijklmnopqrstuvwxyz .,-") for _ in range(dice.randrange(0, 78)))
        lines.append(b"." + line if dice.random() < 0.1 else line)
    return b"\n".join(lines) + b"\n"


def send_all(server, clients, each, seed):
    """{number: content} of the acknowledged messages, sent by so many threads with smtplib."""
    acknowledged = {}

    def one_client(client):
        dice = random.Random(seed * 1000 + client)
        with server.client() as smtp:
            for i in range(each):
                number = client * each + i
                message = random_message(number, dice)
                smtp.sendmail("a@client.example", ["me@here.example"], message.replace(b"\n", b"\r\n"))
                acknowledged[number] = message

    threads = [threading.Thread(target=one_client, args=(c,)) for c in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return acknowledged


class Load(unittest.TestCase):
    def assert_same(self, acknowledged, found):
        """acknowledged: {number: content}; found: contents. Names the first that differs (unittest's own diff takes minutes)."""
        numbers = collections.Counter(int(m.split(b"\n", 1)[0].split()[1]) for m in found)
        self.assertEqual([], [n for n in acknowledged if n not in numbers], "lost")
        self.assertEqual([], [n for n, times in numbers.items() if times > 1], "duplicates")
        for message in found:
            number = int(message.split(b"\n", 1)[0].split()[1])
            sent = acknowledged[number]
            if sent != message:
                at = len(os.path.commonprefix([sent, message]))
                self.fail("message %d differs at byte %d: sent %r, found %r" % (
                    number, at, sent[max(at - 20, 0):at + 40], message[max(at - 20, 0):at + 40]))

    @unittest.skipUnless(program("smtp-source"), "Postfix's smtp-source is not installed")
    def test_smtp_source_to_a_maildir(self):
        with Server(maxproc=50) as server:
            target = f"{server.host}:{server.port}"
            subprocess.run([program("smtp-source"), "-s", "20", "-m", str(MESSAGES), "-l", "20000", "-f", "a@client.example",
                            "-t", "me@here.example", target], check=True, timeout=PATIENCE)
            until(lambda: len(server.mail()) >= MESSAGES, "all mail", PATIENCE)
            bodies = collections.Counter(path.read_bytes().split(b"\n\n", 1)[1] for path in server.mail())
            self.assertEqual([MESSAGES], list(bodies.values()), "every body is the same")
            until(lambda: server.log().count("status=sent") >= MESSAGES, "all lines about it")  # written after the mail
            self.assertEqual(MESSAGES, server.log().count("status=sent"))

    def test_smtplib_to_a_maildir(self):
        with Server(maxproc=50) as server:
            acknowledged = send_all(server, 10, MESSAGES // 10, seed=1)
            self.assertEqual(MESSAGES, len(acknowledged))
            mails = server.wait_for_mail(MESSAGES)
            self.assert_same(acknowledged, [content_of(m) for m in mails])

    @unittest.skipUnless(program("smtp-sink"), "Postfix's smtp-sink is not installed")
    def test_smtplib_through_relayhost_to_smtp_sink(self):
        port = free_port()
        with tempfile.TemporaryDirectory() as dumps:
            user = ["-u", "nobody"] if os.getuid() == 0 else []
            os.chmod(dumps, 0o777)
            sink = subprocess.Popen([program("smtp-sink"), *user, "-R", dumps, "-d", "%s.", f"127.0.0.1:{port}", "100"])
            try:
                relay = (f"relayhost = [127.0.0.1]:{port}\nmydestination =\nrelay_domains = here.example\n"
                         "relay_transport = smtp\ndefault_transport = smtp\n")
                with Server(main=relay, maxproc=50) as server:
                    acknowledged = send_all(server, 10, MESSAGES // 10, seed=2)
                    until(lambda: server.log().count("status=sent") >= MESSAGES, "all mail sent; " + server.log()[-3000:],
                          PATIENCE)
            finally:
                sink.terminate()
                sink.wait()
            received = [path.read_bytes() for path in pathlib.Path(dumps).iterdir()]
            # smtp-sink ends each dump with an empty line of its own.
            contents = [content_of(m).replace(b"\r\n", b"\n") for m in received]
            self.assertTrue(all(content.endswith(b"\n\n") for content in contents))
            self.assert_same(acknowledged, [content[:-1] for content in contents])

    @unittest.skipUnless(program("swaks"), "swaks is not installed")
    def test_swaks(self):
        with Server() as server:
            run = subprocess.run([program("swaks"), "--server", f"{server.host}:{server.port}", "--to", "me@here.example",
                                  "--from", "a@client.example", "--helo", "client.example", "--header", "X-Number: 1"],
                                 capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual(0, run.returncode, run.stdout + run.stderr)
            self.assertIn("queued as", run.stdout)
            self.assertIn(b"X-Number: 1\n", server.wait_for_mail(1)[0])


if __name__ == "__main__":
    unittest.main()
