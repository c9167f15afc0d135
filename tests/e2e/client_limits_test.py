"""anvil's limits on a running server, with several connections, and its statistics at the end."""

import re
import smtplib
import socket
import unittest

from headgate_server import PATIENCE, Server

STRANGERS = "smtpd_client_event_limit_exceptions =\n"


class Limits(unittest.TestCase):
    def connect(self, server, source="127.0.0.1"):
        connection = socket.create_connection((server.host, server.port), timeout=PATIENCE, source_address=(source, 0))
        self.addCleanup(connection.close)
        with connection.makefile("rb") as stream:
            return connection, stream.readline().decode().rstrip()

    def test_connections_at_once_and_statistics(self):
        with Server(STRANGERS + "smtpd_client_connection_count_limit = 2\n") as server:
            service = f"127.0.0.1:{0}"
            held = [self.connect(server) for _ in range(2)]
            for _, greeting in held:
                self.assertTrue(greeting.startswith("220 "), greeting)
            _, refusal = self.connect(server)
            self.assertEqual(refusal, "421 4.7.0 mx.here.example Error: too many connections from 127.0.0.1")
            _, other = self.connect(server, "127.0.0.2")
            self.assertTrue(other.startswith("220 "), other)
            server.wait_for_log(f"warning: Connection concurrency limit exceeded: 3 from unknown[127.0.0.1] for service {service} "
                                "(smtpd_client_connection_count_limit = 2)")
            held[0][0].close()
            server.wait_for_log("disconnect from unknown[127.0.0.1]", 2)  # the one refused, and this one
            _, again = self.connect(server)
            self.assertTrue(again.startswith("220 "), again)
            self.assertEqual(server.stop(), 0)
            when = r" at \w\w\w [ \d]\d \d\d:\d\d:\d\d"
            client = rf" for \(127\.0\.0\.1:0:127\.0\.0\.1\){when}\n"
            for line in (r"max connection rate [1-4]/60s" + client, "max connection count 3" + client,
                         f"max cache size 2{when}\n"):
                self.assertRegex(server.log(), r"postfix/anvil\[\d+\]: statistics: " + line)

    def test_a_reload_changes_limits(self):
        with Server(STRANGERS) as server:
            def deliver(smtp):
                smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")

            smtp = server.client()
            deliver(smtp)
            deliver(smtp)
            server.write("main.cf", (server.config / "main.cf").read_text() + "smtpd_client_message_rate_limit = 3\n")
            server.kick(1)
            server.wait_for_log("reload: new sessions use the new configuration")
            deliver(smtp)  # counted from the start
            with self.assertRaises(smtplib.SMTPSenderRefused) as refused:
                deliver(smtp)
            self.assertEqual(refused.exception.smtp_code, 450)
            self.assertIn(b"too much mail from 127.0.0.1", refused.exception.smtp_error)
            smtp.close()
            server.wait_for_mail(3)

    def test_statistics_come_by_themselves(self):
        with Server(STRANGERS + "anvil_status_update_time = 1s\n") as server:
            self.connect(server)
            server.wait_for_log("statistics: max connection count 1 for ")
            self.assertIsNotNone(re.search(r"max connection rate 1/60s", server.log()))


if __name__ == "__main__":
    unittest.main()
