"""Real mail clients: what each sends arrives as it was sent. swaks, curl, msmtp, Python's smtplib, Postfix's smtp-source and
Postfix itself as the sending server (pipelining, 8BITMIME, DSN, XFORWARD). A client that is not installed is skipped."""

import email.message
import email.policy
import re
import shutil
import smtplib
import socket
import subprocess
import unittest

import private_postfix
from headgate_server import PATIENCE, Server, until

TEXT = "Subject: gr\u00fcn\r\n.a dot first\r\n\r\nbody \u00fc\r\n.\r\n..\r\n" + "long " * 300 + "\r\nlast line\r\n"
HEADERS = "From: a@client.example\r\nTo: me@here.example\r\nMessage-ID: <%s@client.example>\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\n"


def program(name):
    return shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/usr/local/bin")


def message(name):
    """Bytes with CRLF line ends: dots, 8 bits, a long line."""
    body = TEXT.split("\r\n\r\n", 1)[1]
    return (HEADERS % name + f"Subject: {name} gr\u00fcn\r\n\r\n" + body).encode()


def own_part(delivered):
    """What the sender wrote: from the first header of its own on."""
    return delivered[delivered.index(b"From: a@client.example"):]


class ClientsTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(main="smtpd_authorized_xclient_hosts = 127.0.0.1\nsmtpd_authorized_xforward_hosts = 127.0.0.1\n")
        self.addCleanup(self.server.stop)

    def need(self, name):
        path = program(name)
        if path is None:
            self.skipTest(f"{name} is not installed (./dev setup test installs it)")
        return path

    def run_client(self, *command, text=b""):
        done = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout.decode(errors="replace"))
        return done.stdout.decode(errors="replace")

    def arrived(self, expected, count=1):
        delivered = self.server.wait_for_mail(count)
        self.assertEqual(len(delivered), count)
        self.assertEqual(own_part(delivered[-1]), expected.replace(b"\r\n", b"\n"))
        return delivered[-1]

    def test_swaks(self):
        swaks = self.need("swaks")
        sent = message("swaks")
        (self.server.directory / "message").write_bytes(sent.replace(b"\r\n", b"\n"))
        self.run_client(swaks, "--server", self.server.host, "--port", str(self.server.port), "--from", "a@client.example",
                        "--to", "me@here.example", "--data", f"@{self.server.directory}/message", "--helo", "client.example")
        # swaks ends with an empty line more.
        delivered = self.server.wait_for_mail(1)[0]
        self.assertEqual(own_part(delivered).rstrip(b"\n"), sent.replace(b"\r\n", b"\n").rstrip(b"\n"))

    def test_swaks_xclient(self):
        swaks = self.need("swaks")
        said = self.run_client(swaks, "--server", self.server.host, "--port", str(self.server.port), "--from", "a@client.example",
                               "--to", "me@here.example", "--xclient-addr", "192.0.2.9", "--xclient-name", "mail.client.example",
                               "--xclient-helo", "outer.example", "--helo", "client.example")
        self.assertIn("XCLIENT", said)
        self.server.wait_for_mail(1)
        self.server.wait_for_log("client=mail.client.example[192.0.2.9]")
        self.server.wait_for_log("disconnect from mail.client.example[192.0.2.9] ehlo=2 xclient=1 mail=1 rcpt=1 data=1 quit=1 commands=7")

    def test_curl(self):
        sent = message("curl")
        self.run_client(self.need("curl"), "--silent", "--show-error", "--url", f"smtp://{self.server.host}:{self.server.port}/client.example",
                        "--mail-from", "a@client.example", "--mail-rcpt", "me@here.example", "--upload-file", "-", text=sent)
        self.arrived(sent)

    def test_msmtp(self):
        sent = message("msmtp")
        self.run_client(self.need("msmtp"), "--file=/dev/null", f"--host={self.server.host}", f"--port={self.server.port}",
                        "--from=a@client.example", "--domain=client.example", "me@here.example", text=sent.replace(b"\r\n", b"\n"))
        self.arrived(sent)

    def test_smtplib(self):
        sent = message("smtplib")
        with self.server.client() as smtp:
            smtp.sendmail("a@client.example", ["me@here.example"], sent, mail_options=["BODY=8BITMIME"])
        self.arrived(sent)

    def test_smtplib_smtputf8(self):
        written = email.message.EmailMessage(policy=email.policy.SMTPUTF8)
        written["From"], written["To"], written["Subject"] = "\u00e4@client.example", "me@here.example", "\u65e5\u672c"
        written.set_content("\u00fc\n")
        with self.server.client() as smtp:
            smtp.send_message(written, from_addr="\u00e4@client.example", to_addrs=["me@here.example"])
        delivered = self.server.wait_for_mail(1)[0].decode()
        self.assertIn("with UTF8SMTP id", delivered)
        self.assertIn("Subject: \u65e5\u672c\n", delivered)

    def test_bdat(self):
        """No common client of Debian says BDAT: one that cuts a message into chunks of each size."""
        sent = message("chunks")[:600] + b"\r\n"
        for count, size in enumerate((1, 2, 3, 7, 100, 599, 600, 601, 1000), 1):
            with socket.create_connection((self.server.host, self.server.port), timeout=PATIENCE) as connection:
                wire = b"EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<me@here.example>\r\n"
                parts = [sent[i:i + size] for i in range(0, len(sent), size)]
                for part in parts[:-1]:
                    wire += b"BDAT %d\r\n" % len(part) + part
                wire += b"BDAT %d LAST\r\n" % len(parts[-1]) + parts[-1] + b"QUIT\r\n"
                connection.recv(1000)
                # EHLO ends its group (RFC 2920).
                ehlo, rest = wire.split(b"\r\n", 1)
                connection.sendall(ehlo + b"\r\n")
                replies = b""
                while b"250 CHUNKING\r\n" not in replies:
                    replies += connection.recv(4096)
                connection.sendall(rest)
                while more := connection.recv(4096):
                    replies += more
            self.assertIn(b"250 2.0.0 Ok: %d bytes queued as " % len(sent), replies)
            self.assertEqual(replies.count(b" bytes\r\n"), len(parts) - 1)
            delivered = self.server.wait_for_mail(count)
            self.assertEqual({own_part(one) for one in delivered}, {sent.replace(b"\r\n", b"\n")})

    def test_smtp_source(self):
        source = self.need("smtp-source")
        self.run_client(source, "-c", "-m", "40", "-s", "4", "-d", "-l", "5000", "-f", "a@client.example", "-t", "me@here.example",
                        f"{self.server.host}:{self.server.port}")
        self.assertEqual(len(self.server.wait_for_mail(40)), 40)


class PostfixAsClientTest(unittest.TestCase):
    """Postfix's smtp(8) with us as relayhost, and, with smtp_send_xforward_command, as the filter behind it."""

    def setUp(self):
        if private_postfix.why_not():
            self.skipTest(private_postfix.why_not())

    def through(self, server, postfix, sent, options):
        with smtplib.SMTP("127.0.0.1", postfix.ports[0], local_hostname="client.example", timeout=PATIENCE) as smtp:
            smtp.sendmail("a@client.example", ["me@here.example", "you@here.example"], sent, **options)
        return server.wait_for_mail(2)

    def test_relay(self):
        with Server(main="smtpd_authorized_xforward_hosts = 127.0.0.1\n") as server:
            hop = f"smtp:[127.0.0.1]:{server.port}"
            main = {"local_transport": hop, "default_transport": hop, "relay_transport": hop, "smtp_send_xforward_command": "yes",
                    "smtp_line_length_limit": "0",
                    "smtpd_authorized_xclient_hosts": "127.0.0.1"}
            with private_postfix.PrivatePostfix(main=main) as postfix:
                sent = message("postfix")
                options = {"mail_options": ["BODY=8BITMIME", "RET=HDRS", "ENVID=id+2B1"], "rcpt_options": ["NOTIFY=NEVER"]}
                try:
                    delivered = self.through(server, postfix, sent, options)
                except AssertionError as error:
                    raise AssertionError(f"{error}\nPostfix said:\n{postfix.log()[-3000:]}") from None
                for one in delivered:
                    self.assertEqual(own_part(one), sent.replace(b"\r\n", b"\n"))
                queue_id = re.search(r"smtpd\[\d+\]: ([0-9A-F]+): client=", postfix.log())[1]
                self.assertIn(f"orig_queue_id={queue_id}, orig_client=unknown[127.0.0.1]", server.log())
                server.wait_for_log("disconnect from")
                self.assertRegex(server.log(), r"disconnect from \S+ ehlo=1 xforward=2 mail=1 rcpt=2 data=1 quit=1 commands=8")
                until(lambda: "status=sent (250 2.0.0 Ok: queued as" in postfix.log(), "Postfix to have sent it")


if __name__ == "__main__":
    unittest.main()
