"""What the tests of SMTP smuggling share: odd ways to end a line or a message, and a client that sends a message with one of them,
behind which stands another message: envelope, DATA and all. By DATA and by BDAT, in plain text and in TLS."""

import re
import socket
import ssl

import tls_files
from headgate_server import PATIENCE, until

MODES = ("normalize", "reject", "no")  # of smtpd_forbid_bare_newline
VARIANTS = {
    "LF.LF": b"\n.\n", "LF.CRLF": b"\n.\r\n", "CRLF.LF": b"\r\n.\n", "CR.CR": b"\r.\r", "CR.CRLF": b"\r.\r\n", "CRLF.CR": b"\r\n.\r",
    "LF.CR": b"\n.\r", "CR.LF": b"\r.\n", "CRCRLF.CRLF": b"\r\r\n.\r\n", "CRLF.CRCRLF": b"\r\n.\r\r\n", "CRCRLF.CRCRLF": b"\r\r\n.\r\r\n",
    "LFCR.CRLF": b"\n\r.\r\n", "LFCR.LFCR": b"\n\r.\n\r", "NULs": b"\r\n\0.\r\n", "dot NUL": b"\r\n.\0\r\n", "CRLF NUL.CRLF": b"\r\0\n.\r\n",
    "two dots": b"\r\n..\r\n", "dot blank": b"\r\n. \r\n", "LF.LF.LF": b"\n.\n.\n", "CRLF.LF.CRLF": b"\r\n.\n\r\n", "VT": b"\x0b.\x0b",
    "CRLF.CRLF in a long line": b"x" * 2048 + b"\n.\r\n", "line of limit": b"\r\n" + b"y" * 2046 + b"\r\n.\n",
    "CR at limit": b"\r\n" + b"z" * 2047 + b"\r\n.\r", "Unicode line end": b"\xc2\x85.\xc2\x85", "DATA again": b"\n.\r\nDATA\r\n",
}
ENVELOPE = (b"MAIL FROM:<%s@client.example>\r\nRCPT TO:<x@here.example>\r\nRCPT TO:<x@sink.example>\r\n")
HEAD = b"Subject: good\r\n\r\nbefore"
TAIL = ENVELOPE % b"evil" + b"DATA\r\nSubject: smuggled\r\n\r\nsmuggled\r\n.\r\n"
MAIN = """smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_forbid_bare_newline_exclusions =
smtpd_forbid_unauth_pipelining = no
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 10000
smtpd_client_connection_count_limit = 0
"""
TLS = tls_files.context()
COMMANDS = {b"EHLO", b"HELO", b"MAIL", b"RCPT", b"DATA", b"QUIT"}


def has_bare_newline(content):
    return re.search(rb"(?<!\r)\n", content) is not None


def has_end(content):
    """CRLF.CRLF is the end for everybody, whatever stands before it."""
    return b"\r\n.\r\n" in content


def cuts(variant):
    """Every place where it can be cut in two, but for those inside a run of letters."""
    return [at for at in range(len(variant) + 1) if not re.fullmatch(rb"([x-z])\1", variant[max(at - 1, 0):at + 1])]


class Talk:
    """One connection; knows how many replies it has seen, and how many messages were taken."""

    def __init__(self, port, way="plain"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        if way == "smtps":
            self.socket = TLS.wrap_socket(self.socket)
        self.expect(b"220 ")
        if way == "STARTTLS":
            self.hello()
            self.socket.sendall(b"STARTTLS\r\n")
            self.expect(b"220 2.0.0 Ready")
            self.socket = TLS.wrap_socket(self.socket)
            self.received = b""
        self.hello()
        self.received = b""

    def hello(self):
        self.socket.sendall(b"EHLO client.example\r\n")
        self.expect(b"250 CHUNKING\r\n")

    def expect(self, text):
        self.more_until(lambda: text in self.received, text)

    def replies(self):
        return len(re.findall(rb"^\d{3} .*\r\n", self.received, re.M))

    def more_until(self, condition, what):
        while not condition():
            more = self.socket.recv(65536)
            if not more:
                raise AssertionError(f"closed; {what!r} did not come: {self.received!r}")
            self.received += more

    def data(self, variant, cut, head=HEAD):
        """A message that goes in two pieces."""
        self.socket.sendall(ENVELOPE % b"good" + b"DATA\r\n")
        self.expect(b"354 ")
        self.socket.sendall(head + variant[:cut])
        self.socket.sendall(variant[cut:] + TAIL)

    def bdat(self, variant, border, cut, head=HEAD):
        """A message in two chunks, all in two pieces. Waits for its five replies."""
        first, second = head + variant[:border], variant[border:] + TAIL
        wire = ENVELOPE % b"good" + b"BDAT %d\r\n" % len(first)
        at = len(wire) + len(head) + cut
        wire += first + b"BDAT %d LAST\r\n" % len(second)
        if cut > border:
            at = len(wire) + cut - border
        wire += second
        due = self.replies() + 5
        self.socket.sendall(wire[:at])
        self.socket.sendall(wire[at:])
        self.more_until(lambda: self.replies() >= due, "the reply to the last chunk")

    def finish(self):
        """QUIT, wherever the dialogue stands by now, and all that still comes. The number of messages that were taken; None when that
        cannot be told: the server had hung up before we were through (for a "." as a command), and what it had said is lost."""
        try:
            self.socket.sendall(b"QUIT\r\n")
            while more := self.socket.recv(65536):
                self.received += more
        except (ConnectionError, ssl.SSLEOFError):
            return None
        finally:
            self.socket.close()
        return len(re.findall(rb"queued as", self.received))


def one_answer(talks):
    """What finish() says of all of these, which differ in nothing but how TCP or TLS cuts the input."""
    answers = {answer for answer in [talk.finish() for talk in talks] if answer is not None}
    if len(answers) > 1:
        raise AssertionError(f"it depends on how the input is cut: {[talk.received for talk in talks]}")
    return answers.pop() if answers else None


def all_delivered(server, *places):
    """Stops the server when everybody has gone and each of the places (functions that count) has as many messages as were taken.
    How many that are, by the server's own log."""
    def taken():
        return len(set(re.findall(r" postfix/qmgr\S+ (\w+): from=<", server.log())))

    server.wait_for_log("disconnect from", server.log().count(": connect from"))
    until(lambda: min(place() for place in places) >= taken(), "all to be delivered")
    server.stop()  # what is under way ends first
    return taken()
