"""SMTP smuggling: every odd way to end a line or a message, in every mode of smtpd_forbid_bare_newline, through DATA (cut at
every byte of the oddity) and BDAT. What our server took as one message is one at the next hop, however careless that is, and
one in the Maildir. smtpd.md 13.13."""

import itertools
import re
import socket
import unittest

from headgate_server import PATIENCE, until, with_several
from lenient_sink import LenientSink

MODES = ("normalize", "reject", "no")
VARIANTS = {
    "LF.LF": b"\n.\n", "LF.CRLF": b"\n.\r\n", "CRLF.LF": b"\r\n.\n", "CR.CR": b"\r.\r", "CR.CRLF": b"\r.\r\n", "CRLF.CR": b"\r\n.\r",
    "LF.CR": b"\n.\r", "CR.LF": b"\r.\n", "CRCRLF.CRLF": b"\r\r\n.\r\n", "CRLF.CRCRLF": b"\r\n.\r\r\n", "CRCRLF.CRCRLF": b"\r\r\n.\r\r\n",
    "LFCR.CRLF": b"\n\r.\r\n", "LFCR.LFCR": b"\n\r.\n\r", "NULs": b"\r\n\0.\r\n", "dot NUL": b"\r\n.\0\r\n", "CRLF NUL.CRLF": b"\r\0\n.\r\n",
    "two dots": b"\r\n..\r\n", "dot blank": b"\r\n. \r\n", "LF.LF.LF": b"\n.\n.\n", "CRLF.LF.CRLF": b"\r\n.\n\r\n", "VT": b"\x0b.\x0b",
    "CRLF.CRLF in a long line": b"x" * 2048 + b"\n.\r\n", "line of limit": b"\r\n" + b"y" * 2046 + b"\r\n.\n",
    "CR at limit": b"\r\n" + b"z" * 2047 + b"\r\n.\r", "Unicode line end": b"\xc2\x85.\xc2\x85", "DATA again": b"\n.\r\nDATA\r\n",
}
ENVELOPE = (b"MAIL FROM:<%s@client.example>\r\nRCPT TO:<x@here.example>\r\nRCPT TO:<x@sink.example>\r\n")
SMUGGLED = ENVELOPE % b"evil" + b"DATA\r\nSubject: smuggled\r\n\r\nsmuggled"


class Talk:
    """One connection; knows how many replies it has seen, and how many messages were taken."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.expect(b"220 ")

    def expect(self, text):
        while text not in self.received:
            more = self.socket.recv(65536)
            if not more:
                raise AssertionError(f"closed; {text!r} did not come: {self.received!r}")
            self.received += more

    def finish(self):
        """QUIT, wherever the dialogue stands by now, and all that still comes."""
        try:
            self.socket.sendall(b"QUIT\r\n")
            while more := self.socket.recv(65536):
                self.received += more
        except ConnectionError:
            pass
        self.socket.close()
        return len(re.findall(rb"queued as", self.received))


class SmugglingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sink = LenientSink()
        modes = [{"smtpd_forbid_bare_newline": mode} for mode in MODES]
        cls.server, ports = with_several(modes, main=f"""local_transport = virtual
default_transport = smtp:[127.0.0.1]:{cls.sink.port}
relay_transport = $default_transport
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_forbid_bare_newline_exclusions =
smtpd_forbid_unauth_pipelining = no
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
""")
        cls.ports = dict(zip(MODES, ports))
        cls.taken = 0

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.sink.__exit__()

    def data(self, port, variant, cut):
        talk = Talk(port)
        talk.socket.sendall(b"EHLO client.example\r\n")
        talk.expect(b"250 CHUNKING")
        talk.socket.sendall(ENVELOPE % b"good" + b"DATA\r\n")
        talk.expect(b"354 ")
        content = b"Subject: good\r\n\r\nbefore" + variant
        at = len(content) - len(variant) + cut
        talk.socket.sendall(content[:at])
        talk.socket.sendall(content[at:] + SMUGGLED + b"\r\n.\r\n")
        return talk

    def bdat(self, port, variant):
        talk = Talk(port)
        content = b"Subject: good\r\n\r\nbefore" + variant + SMUGGLED + b"\r\n.\r\n"
        half = len(content) // 2
        talk.socket.sendall(b"EHLO client.example\r\n" + ENVELOPE % b"good" + b"BDAT %d\r\n%sBDAT %d LAST\r\n%s" % (
            half, content[:half], len(content) - half, content[half:]))
        return talk

    def test_one_message_stays_one(self):
        for (name, variant), mode in itertools.product(VARIANTS.items(), MODES):
            talks = [self.data(self.ports[mode], variant, cut) for cut in range(min(len(variant), 8))]
            answers = [talk.finish() for talk in talks]
            with self.subTest(variant=name, mode=mode):
                self.assertEqual(len(set(answers)), 1, "it depends on how TCP cuts the input")
                # CRLF.CRLF with a CR before it is an end for everybody.
                expected = 2 if b"\r\n.\r\n" in variant else 1
                if mode != "no":
                    self.assertLessEqual(answers[0], expected)
                if mode == "reject" and re.search(rb"(?<!\r)\n", variant):
                    self.assertEqual(answers[0], 0)
                    self.assertIn(b"550 5.5.2 mx.here.example Error: bare <LF> received", talks[0].received)
                if mode == "normalize":
                    self.assertEqual(answers[0], expected)
            chunked = self.bdat(self.ports[mode], variant).finish()
            with self.subTest(variant=name, mode=mode, verb="BDAT"):
                bare = mode == "reject" and re.search(rb"(?<!\r)\n", variant)
                self.assertEqual(chunked, 0 if bare else 1)
            type(self).taken += sum(answers) + chunked
        self.assertGreater(self.taken, 300)
        self.server.wait_for_mail(self.taken)
        until(lambda: len(self.sink.messages) >= self.taken, "the messages at the next hop")
        self.server.stop()  # what is under way ends first
        self.assertEqual(len(self.sink.messages), self.taken)
        self.assertEqual(len(self.server.mail()), self.taken)
        # Nothing that went out was a command of the smuggler's: those of "evil" are the messages that mode "no" took.
        evil = sum(b"evil@" in sender for sender, _, _ in self.sink.messages)
        self.assertEqual(evil, sum(b"Return-Path: <evil@" in path.read_bytes() for path in self.server.mail()))


if __name__ == "__main__":
    unittest.main()
