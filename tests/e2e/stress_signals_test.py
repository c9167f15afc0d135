"""Signals other than full slots: what they read, and that one of them puts a service under stress."""

import json
import unittest

from headgate_server import Server, until


class Signals(unittest.TestCase):
    def status(self, server):
        document = json.loads(server.run("--json", "status").stdout)
        return document["services"][0]

    def test_all_are_read(self):
        with Server("stress_signals = slots loop_lag commit_latency memory memory_pressure rss\nstress_rss_limit = 100000\n"
                    "stress_memory_limit = 0\nstress_memory_pressure_limit = 0\nstress_loop_lag_limit = 100000\n") as server:
            def read():
                signals = {signal["signal"]: signal for signal in self.status(server)["signals"]}
                return signals if signals["loop_lag"]["value"] is not None else None

            signals = until(read, "a reading")
            self.assertEqual(list(signals), ["slots", "loop_lag", "commit_latency", "memory", "memory_pressure", "rss"])
            self.assertEqual((signals["rss"]["stressed_at"], signals["rss"]["severe_at"]), (100000, 125000))
            self.assertGreater(signals["rss"]["value"], 0)
            self.assertEqual(signals["slots"]["value"], 0)
            self.assertNotIn("stressed_at", signals["memory"])
            self.assertEqual({signal["level"] for signal in signals.values()}, {0})

    # A process is larger than a MiB; the limit makes it a severe signal.
    def test_one_of_them_is_stress_and_names_are_left_out(self):
        with Server("stress_signals = rss\nstress_rss_limit = 1\nsmtpd_peername_lookup = yes\n") as server:
            server.wait_for_log("entering stress mode (rss ")
            server.wait_for_log("level 1 -> 2 (rss ")
            service = self.status(server)
            self.assertEqual((service["level"], service["stress"]), (2, "stressed"))
            self.assertEqual(service["left_out"][-1], "names of clients")
            with server.client() as smtp:
                smtp.ehlo()
            server.wait_for_log("connect from unknown[127.0.0.1]")
            self.assertNotIn("connect from localhost", server.log())

    def test_a_strangers_content_must_not_stand_still(self):
        with Server("stress_signals = rss\nstress_rss_limit = 1\nsmtpd_timeout = 3000s\nstress_content_timeout = 1s\n"
                    "mynetworks = 127.0.0.9/32\nsmtpd_per_request_deadline = no\n") as server:
            server.wait_for_log("level 1 -> 2 (rss ")
            with server.client(source_address=("127.0.0.9", 0)) as ours, server.client() as stranger:
                for smtp in (ours, stranger):
                    smtp.ehlo()
                    smtp.mail("a@client.example")
                    smtp.rcpt("me@here.example")
                    self.assertEqual(smtp.docmd("DATA")[0], 354)
                    smtp.sock.sendall(b"Subject: x\r\n")
                self.assertEqual(stranger.getreply()[0], 421)
                server.wait_for_log("timeout after DATA (12 bytes) from unknown[127.0.0.1]")
                ours.sock.sendall(b"\r\nx\r\n.\r\n")
                self.assertEqual(ours.getreply()[0], 250)

    def test_a_restriction_that_asks_for_names_gets_them(self):
        with Server("stress_signals = rss\nstress_rss_limit = 1\nsmtpd_peername_lookup = yes\n"
                    "smtpd_client_restrictions = permit_mynetworks, reject_unknown_client_hostname\n") as server:
            server.wait_for_log("level 1 -> 2 (rss ")
            self.assertNotIn("names of clients", self.status(server)["left_out"])

    def test_an_unknown_name_is_told(self):
        with Server("stress_signals = slots moon\n") as server:
            self.assertIn("stress_signals: no such signal: moon", server.run("check").stderr + server.run("check").stdout)


if __name__ == "__main__":
    unittest.main()
