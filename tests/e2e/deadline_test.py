"""smtpd_timeout on a real clock, scaled down: with smtpd_per_request_deadline a request has one budget, which content refills
by a second for each smtpd_min_data_rate bytes; without it each wait has the whole. smtpd.md §3.6, §13.4.

A bound below is exact, one above is generous; a sender whose own pace was disturbed by a busy machine tries again."""

import socket
import time
import unittest

from headgate_server import PATIENCE, Server

BUDGET = 3  # seconds
RATE = 500  # bytes a second
CUT = b"421 4.4.2 mx.here.example Error: timeout exceeded"
MAIN = f"smtpd_timeout = {BUDGET}s\nsmtpd_min_data_rate = {RATE}\nsmtpd_forbid_unauth_pipelining = no\n"
TRIES = 5


class Client:
    def __init__(self, server):
        self.socket = socket.create_connection((server.host, server.port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = b""
        self.read_until(b"220 ")

    def read_until(self, text):
        while text not in self.input:
            more = self.socket.recv(4096)
            if not more:
                raise AssertionError(f"closed before {text!r}: {self.input!r}")
            self.input += more

    def cut_within(self, seconds):
        """True when the server has said 421 by then."""
        end = time.monotonic() + seconds
        while CUT not in self.input:
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.socket.settimeout(left)
            try:
                more = self.socket.recv(4096)
            except TimeoutError:
                return False
            if not more:
                return CUT in self.input
            self.input += more
        return True

    def drip(self, pieces, pause):
        """Sends them at that pace until the server cuts. (seconds until then or None, the longest gap)."""
        began = last = time.monotonic()
        gap = 0.0
        for piece in pieces:
            try:
                self.socket.sendall(piece)
            except OSError:
                return time.monotonic() - began, gap
            gap = max(gap, time.monotonic() - last)
            last = time.monotonic()
            if self.cut_within(pause):
                return time.monotonic() - began, gap
        return None, gap


def pieces(total, each):
    line = b"x" * (each - 2) + b"\r\n"
    return [line] * (total // each)


class DeadlineTest(unittest.TestCase):
    def serve(self, deadline):
        return Server(main=MAIN + deadline)

    def content(self, server, rate, seconds, verb="DATA"):
        client = Client(server)
        client.socket.sendall(b"EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<me@here.example>\r\n")
        client.read_until(b"250 2.1.5")
        if verb == "DATA":
            client.socket.sendall(b"DATA\r\n")
            client.read_until(b"354 ")
        else:
            client.socket.sendall(b"BDAT 1000000 LAST\r\n")
        outcome = client.drip(pieces(rate * seconds, rate // 10), 0.1)
        client.socket.close()
        return outcome

    def test_content_that_is_too_slow(self):
        with self.serve("smtpd_per_request_deadline = yes\n") as server:
            for verb in ("DATA", "BDAT"):
                after, _ = self.content(server, 200, 60, verb)
                self.assertIsNotNone(after, f"{verb}: 200 bytes a second went on for a minute")
                # T / (1 - rate / min_data_rate) = 5 s; the client cannot be quicker than it sends.
                self.assertGreater(after, 0.9 * BUDGET / (1 - 200 / RATE), verb)
            self.assertIn("timeout after DATA (", server.log())
            self.assertIn("timeout after BDAT (", server.log())

    def test_content_that_is_quick_enough(self):
        with self.serve("smtpd_per_request_deadline = yes\n") as server:
            for _ in range(TRIES):
                after, gap = self.content(server, 1000, 3 * BUDGET)
                if after is None or gap < 0.5:
                    break
            self.assertIsNone(after, f"cut after {after} s, longest pause {gap} s")

    def test_a_command_letter_by_letter(self):
        for deadline, cut in (("yes", True), ("no", False)):
            with self.serve(f"smtpd_per_request_deadline = {deadline}\n") as server:
                for _ in range(TRIES):
                    client = Client(server)
                    after, gap = client.drip([b"N"] * (2 * BUDGET), 1.0)
                    client.socket.close()
                    if cut or after is None or gap < 2.0:
                        break
                if cut:
                    self.assertIsNotNone(after)
                    self.assertGreater(after, 0.95 * BUDGET)
                else:
                    self.assertIsNone(after, f"longest pause {gap} s")

    def test_each_command_has_its_own_budget(self):
        with self.serve("smtpd_per_record_deadline = yes\n") as server:  # the name of before 3.7
            for _ in range(TRIES):
                client = Client(server)
                after, gap = client.drip([b"NOOP\r\n"] * (2 * BUDGET), 1.0)
                client.socket.close()
                if after is None or gap < 2.0:
                    break
            self.assertIsNone(after, f"longest pause {gap} s")
            self.assertGreaterEqual(client.input.count(b"250 2.0.0 Ok"), 2 * BUDGET - 1)

    def test_an_idle_client(self):
        with self.serve("") as server:
            client = Client(server)
            began = time.monotonic()
            self.assertTrue(client.cut_within(PATIENCE))
            self.assertGreater(time.monotonic() - began, 0.95 * BUDGET)
            server.wait_for_log("timeout after CONNECT from")
            client.socket.close()


if __name__ == "__main__":
    unittest.main()
