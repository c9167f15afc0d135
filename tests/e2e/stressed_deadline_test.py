"""What a stressed service grants its clients, with Postfix's own settings at their true times: smtpd_timeout 10 s for a request,
refilled by smtpd_min_data_rate 500. smtpd.md 13.4. deadline_test.py has the rest, scaled down.

All sessions run at once, for a minute. What is too early fails, however little; what is late is printed, and fails only when it is
later than a busy machine explains."""

import concurrent.futures
import time
import unittest

from deadline_test import CUT, Client, pieces
from headgate_server import Server, until

BUDGET = 10
RATE = 500
LATE = 20  # seconds: not a figure of the server's, but of machines that run tests
MASTER = "127.0.0.1:0 inet n - n - 40 smtpd -o stress=yes\n"
MAIN = "smtpd_forbid_unauth_pipelining = no\n"
STEP = 0.1  # seconds between two pieces of content
MINUTE = 60


def idle(server):
    """Seconds until the server cuts: since it can have begun to count, and since the client knew of it."""
    before = time.monotonic()
    client = Client(server)
    began = time.monotonic()
    client.cut_within(BUDGET + LATE)
    cut = CUT in client.input
    now = time.monotonic()
    client.socket.close()
    return cut, now - before, now - began


def letters(server):
    before = time.monotonic()
    client = Client(server)
    began = time.monotonic()
    client.drip([b"N"] * (MINUTE // 2), 2.0)
    now = time.monotonic()
    client.socket.close()
    return CUT in client.input, now - before, now - began


def content(server, rate, verb):
    """At an even pace for a minute, whatever a busy machine does to it: what is late goes together. Did the server cut, how many
    bytes had been sent by then, after how many seconds, and how long was the longest gap?"""
    client = Client(server)
    client.socket.sendall(b"EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<me@here.example>\r\n")
    client.read_until(b"250 2.1.5")
    all_pieces = pieces(rate * MINUTE, int(rate * STEP))
    before = time.monotonic()
    if verb == "DATA":
        client.socket.sendall(b"DATA\r\n")
        client.read_until(b"354 ")
    else:
        client.socket.sendall(b"BDAT %d LAST\r\n" % sum(map(len, all_pieces)))
    began = last = time.monotonic()
    gap, sent, cut = 0.0, 0, False
    for number, piece in enumerate(all_pieces):
        try:
            client.socket.sendall(piece)
            sent += len(piece)
        except OSError:
            cut = True
        now = time.monotonic()
        gap, last = max(gap, now - last), now
        if cut or client.cut_within(max(began + (number + 1) * STEP - now, 0.001)):
            cut = True
            break
    seconds = time.monotonic() - before
    if not cut and verb == "DATA":
        client.socket.sendall(b".\r\n")
    if not cut:
        client.read_until(b"queued as")
    client.socket.close()
    return cut, sent, seconds, gap


class StressedDeadlineTest(unittest.TestCase):
    def test_the_times_of_postfix(self):
        with Server(main=MAIN, master=MASTER) as server, concurrent.futures.ThreadPoolExecutor(max_workers=40) as pool:
            cut_at_ten = {pool.submit(idle, server): "idle" for _ in range(5)}
            cut_at_ten.update({pool.submit(letters, server): "a letter every 2 s" for _ in range(5)})
            slow = {pool.submit(content, server, 200, verb): verb for verb in ("DATA", "BDAT") for _ in range(3)}
            quick = {pool.submit(content, server, 600, verb): verb for verb in ("DATA", "BDAT") for _ in range(3)}
            for future, name in cut_at_ten.items():
                cut, most, least = future.result()
                print(f"{name}: {least:.3f} s")
                with self.subTest(name):
                    self.assertTrue(cut)
                    self.assertGreaterEqual(most, BUDGET)
                    self.assertLess(least, BUDGET + LATE)
            for future, verb in slow.items():
                cut, sent, seconds, gap = future.result()
                # At the client's own pace; of the first piece, which comes into a full budget, nothing counts, nor what was not read.
                least = BUDGET + (sent - 5 * 200 * STEP) / RATE
                print(f"{verb}, 200 bytes a second: {seconds:.3f} s, {sent} bytes, longest gap {gap:.3f} s")
                with self.subTest(f"slow {verb}"):
                    self.assertTrue(cut)
                    self.assertGreaterEqual(seconds, min(least, BUDGET / (1 - 200 / RATE)))
                    self.assertLess(seconds, BUDGET / (1 - 200 / RATE) + LATE)
            taken = 0
            for future, verb in quick.items():
                cut, sent, seconds, gap = future.result()
                print(f"{verb}, 600 bytes a second: {seconds:.3f} s, {sent} bytes, longest gap {gap:.3f} s, cut: {cut}")
                taken += not cut
                with self.subTest(f"quick {verb}"):
                    if gap < BUDGET / 2:  # else it was the machine that did not send
                        self.assertFalse(cut)
                        self.assertEqual(sent, 600 * MINUTE)
                        self.assertGreaterEqual(seconds, MINUTE)
            server.wait_for_mail(taken)
            log = server.log()
            for where, count in (("CONNECT", 10), ("DATA (", 3), ("BDAT (", 3)):
                self.assertGreaterEqual(log.count("timeout after " + where), count)
            until(lambda: server.log().count("disconnect from") == 22, "the end of all")


if __name__ == "__main__":
    unittest.main()
