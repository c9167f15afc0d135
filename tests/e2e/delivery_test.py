"""Mail that a real client sends arrives, whole; what must not pass does not."""

import smtplib
import socket
import unittest

from headgate_server import Server


def refused(call):
    """(code, text) of the refusal that `call` gets."""
    try:
        call()
    except smtplib.SMTPResponseException as error:
        return error.smtp_code, error.smtp_error.decode()
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return code, text.decode()
    raise AssertionError("not refused")


class Delivery(unittest.TestCase):
    def send(self, server, message, recipients=("me@here.example",)):
        with server.client() as smtp:
            return smtp.sendmail("a@client.example", list(recipients), message)

    def body_of(self, delivered):
        """What follows the trace headers: from the first line that we sent."""
        return delivered[delivered.index(b"X-Sent: yes\n"):]

    def test_bytes_arrive_as_they_were_sent(self):
        bodies = {
            "plain": b"hello\r\n",
            "dots": b".\r\n..\r\n.x\r\n",
            "eight bits": bytes(range(128, 256)) + b"\r\n",
            "long line": b"y" * 1_000_000 + b"\r\n",
            "no last newline": b"end",
            "empty lines": b"\r\n\r\n\r\n",
            "nested": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
                               for i in range(5000)),
        }
        with Server() as server:
            for count, (name, body) in enumerate(bodies.items(), 1):
                with self.subTest(name):
                    self.send(server, b"X-Sent: yes\r\nSubject: " + name.encode() + b"\r\n\r\n" + body)
                    wanted = (b"X-Sent: yes\r\nSubject: " + name.encode() + b"\r\n")
                    mails = server.wait_for_mail(count)
                    mine = [m for m in mails if b"Subject: " + name.encode() in m][0]
                    self.assertTrue(self.body_of(mine).startswith(wanted.replace(b"\r\n", b"\n")))
                    sent = body.replace(b"\r\n", b"\n")
                    if not sent.endswith(b"\n"):
                        sent += b"\n"
                    self.assertTrue(mine.endswith(b"\n\n" + sent), name)

    def test_a_message_without_headers_and_one_with_nuls(self):
        with Server() as server:
            with server.client() as smtp:
                for text in (b"just text, no headers\r\n", b"\r\n", b"Subject: nul\r\n\r\na\0b\r\n"):
                    smtp.mail("a@client.example")
                    smtp.rcpt("me@here.example")
                    code, reply = smtp.data(text)
                    self.assertEqual(code, 250, reply)
            mails = server.wait_for_mail(3)
            self.assertTrue(any(b"\njust text, no headers\n" in m for m in mails))

    def test_relaying_is_denied(self):
        with Server("mynetworks = 192.0.2.1\nsmtpd_relay_restrictions = permit_mynetworks, "
                    "reject_unauth_destination\n") as server:
            code, text = refused(lambda: self.send(server, "x\n", ["x@elsewhere.example"]))
            self.assertEqual((code, text), (554, "5.7.1 <x@elsewhere.example>: Relay access denied"))
            self.assertEqual(self.send(server, "Subject: x\n\nx\n"), {})

    def test_too_big(self):
        with Server("message_size_limit = 1000\n") as server:
            with server.client() as smtp:
                smtp.ehlo()
                smtp.mail("a@client.example")
                smtp.rcpt("me@here.example")
                self.assertEqual(smtp.data("x" * 70 + "\n" + "y" * 2000)[0], 552)
                self.assertEqual(smtp.noop()[0], 250)

    def test_pipelined_in_one_packet(self):
        with Server() as server:
            with socket.create_connection((server.host, server.port)) as client:
                stream = client.makefile("rb")
                self.assertTrue(stream.readline().startswith(b"220 "))
                client.sendall(b"EHLO c\r\n")
                while stream.readline()[3:4] == b"-":
                    pass
                client.sendall(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<me@here.example>\r\nDATA\r\n")
                self.assertEqual([stream.readline()[:3] for _ in range(3)], [b"250", b"250", b"354"])
                client.sendall(b"Subject: p\r\n\r\np\r\n.\r\nQUIT\r\n")
                self.assertEqual([stream.readline()[:3] for _ in range(2)], [b"250", b"221"])
            server.wait_for_mail(1)


class Actions(unittest.TestCase):
    CHECKS = """/^Subject: reject/ REJECT no way
/^Subject: later/ REJECT 4.7.9 later
/^Subject: discard/ DISCARD
/^Subject: hold/ HOLD
/^Subject: ignore/ IGNORE
/^Subject: warn/ WARN look
/^Subject: prepend/ PREPEND X-Pre: yes
/^Subject: replace (.*)/ REPLACE Subject: new $1
"""

    def test_every_reply(self):
        with Server("header_checks = pcre:$config_directory/checks\n", files={"checks": self.CHECKS}) as server:
            with server.client() as smtp:
                def send(word):
                    smtp.rset()
                    smtp.mail("a@client.example")
                    smtp.rcpt("me@here.example")
                    code, text = smtp.data(f"Subject: {word}\n\ntext {word}\n")
                    return code, text.decode()

                self.assertEqual(send("reject"), (550, "5.7.1 no way"))
                self.assertEqual(send("later"), (451, "4.7.9 later"))
                for word in ("discard", "hold", "ignore", "warn", "prepend", "replace x", "pass"):
                    code, text = send(word)
                    self.assertEqual(code, 250, word)
                    self.assertIn("2.0.0 Ok: queued as ", text)
            mails = b"".join(server.wait_for_mail(5))
            self.assertIn(b"X-Pre: yes\nSubject: prepend\n", mails)
            self.assertIn(b"Subject: new x\n", mails)
            self.assertNotIn(b"Subject: ignore", mails)
            self.assertNotIn(b"text discard", mails)
            self.assertNotIn(b"text hold", mails)
            held = list((server.directory / "spool" / "hold").iterdir())
            self.assertEqual(len(held), 1)
            server.wait_for_log("warning: header Subject: warn from ")

    def test_a_missing_table_is_451_and_a_broken_rule_only_itself(self):
        with Server("header_checks = pcre:$config_directory/none\n") as server:
            code, text = refused(lambda: Delivery.send(self, server, "Subject: x\n\nx\n"))
            self.assertEqual((code, text), (451, "4.3.0 Error: queue file write error"))
            server.wait_for_log("No such file or directory")
        broken = "/(unclosed/ REJECT broken\n/^Subject: bad/ REJECT works\n"
        with Server("header_checks = pcre:$config_directory/checks\n", files={"checks": broken}) as server:
            self.assertEqual(refused(lambda: Delivery.send(self, server, "Subject: bad\n\nx\n"))[1], "5.7.1 works")
            self.assertEqual(Delivery.send(self, server, "Subject: fine\n\nx\n"), {})
            server.wait_for_log("line 1")


if __name__ == "__main__":
    unittest.main()
