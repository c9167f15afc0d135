"""Behind a Postfix that speaks for its clients: as its smtpd_proxy_filter and as its content_filter (smtp_send_xforward_command).
The same front stands once before headgate and once before another Postfix: its client must hear the same, and both behind
must log the same client and judge the same one, which with XFORWARD is the front. Needs root and Debian's postfix."""

import re
import smtplib
import unittest

import private_postfix
from beside_postfix_test import of_log
from headgate_server import PATIENCE, until, with_several
from lenient_sink import LenientSink

# Behind the front: whom a service trusts. The client is 192.0.2.9, and comes by way of 127.0.0.1.
BEHIND = {"trusts the front": "127.0.0.0/8", "trusts the client": "192.0.2.0/24"}
COMMON = """smtpd_authorized_xforward_hosts = 127.0.0.1
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions =
smtpd_client_restrictions = permit_mynetworks, reject
always_add_missing_headers = no
local_header_rewrite_clients =
local_transport = {hop}
default_transport = {hop}
relay_transport = {hop}
"""
WAYS = ("smtpd_proxy_filter", "content_filter")
CLIENTS = {
    "known": "NAME=mail.b.example ADDR=192.0.2.9 PORT=4711",
    "without a name": "NAME=[UNAVAILABLE] ADDR=192.0.2.9",
    "with a name that cannot be had now": "NAME=[TEMPUNAVAIL] ADDR=192.0.2.9 PORT=[UNAVAILABLE]",
}


def settings(text):
    return dict(line.split(" =", 1) for line in text.splitlines())


def say(port, client, subject):
    """A client that another front has announced by XCLIENT sends a message to two; all replies."""
    said = []
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as smtp:
        smtp.ehlo("proxy.example")
        for command in ("XCLIENT " + client, "EHLO outer.example", "MAIL FROM:<a@client.example> SIZE=100 BODY=8BITMIME",
                        "RCPT TO:<me@here.example>", "RCPT TO:<you@elsewhere.example>", "DATA"):
            said.append(smtp.docmd(command))
        if said[-1][0] == 354:
            smtp.send(f"From: a@client.example\r\nMessage-ID: <{subject}@client.example>\r\nSubject: {subject}\r\n\r\n.. text\r\n.\r\n".encode())
            said.append(smtp.getreply())
        said.append(smtp.docmd("QUIT"))
    return [(code, re.sub(rb"queued as \w+", b"queued as ID", text)) for code, text in said]


def about(log, name):
    """The lines of smtpd with that text, from there on."""
    found = re.findall(rf"postfix/smtpd\[\d+\]: .*?({name}.*)", log.replace("localhost[", "unknown["))
    return [re.sub(r"(orig_queue_id=)\w+", r"\1ID", line) for line in found]


def received(message):
    """Its Received headers: by whom, from whom, for whom; without ids and dates."""
    head = message.split(b"\n\n")[0].decode().replace("\n\t", " ").replace("localhost [", "unknown [").replace("(localhost", "(unknown")
    lines = [line for line in head.split("\n") if line.startswith("Received:")]
    return [re.sub(r"; \w{3}, .*", "", re.sub(r" id \w+", " id ID", line)) for line in lines]


class PostfixFrontTest(unittest.TestCase):
    def setUp(self):
        if private_postfix.why_not():
            self.skipTest(private_postfix.why_not())
        self.sinks = [LenientSink(), LenientSink()]  # Postfix's mail and headgate's
        for sink in self.sinks:
            self.addCleanup(sink.__exit__)
        mains = [COMMON.format(hop=f"smtp:[127.0.0.1]:{sink.port}") for sink in self.sinks]
        services = [{"mynetworks": networks} for networks in BEHIND.values()]
        self.postfix = private_postfix.PrivatePostfix(main=settings(mains[0]), smtpd=services)
        self.addCleanup(self.postfix.stop)
        self.headgate, ports = with_several(services, main=mains[1])
        self.addCleanup(self.headgate.__exit__)
        fronts = []
        for place in range(len(services)):
            for port in (self.postfix.ports[place], ports[place]):
                fronts += [{"smtpd_proxy_filter": f"127.0.0.1:{port}"}, {"content_filter": f"smtp:[127.0.0.1]:{port}"}]
        front_main = {"smtpd_authorized_xclient_hosts": "127.0.0.1", "smtp_send_xforward_command": "yes", "mynetworks": "192.0.2.0/24",
                      "smtpd_relay_restrictions": "permit_mynetworks, reject", "smtpd_reject_unlisted_recipient": "no"}
        self.front = private_postfix.PrivatePostfix(main=front_main, smtpd=fronts)
        self.addCleanup(self.front.stop)

    def through(self, place, way, client, subject):
        """[(replies, log lines, client= lines)] of Postfix and of headgate."""
        both = []
        for number, server in enumerate((self.postfix, self.headgate)):
            before, front_before = len(server.log()), len(self.front.log())
            port = self.front.ports[4 * place + 2 * number + WAYS.index(way)]
            replies = say(port, CLIENTS[client], subject)
            until(lambda: "disconnect from" in server.log()[before:], f"the end of the session with {server}:\n" + self.front.log())
            if way == "content_filter":  # so that no delivery is under way when the next begins
                until(lambda: ": removed" in self.front.log()[front_before:], "the front to have delivered")
            log = server.log()[before:]
            both.append((replies, of_log(log), about(log, "client=")))
        return both

    def test_who_trusts_the_front_takes_it_and_logs_the_client(self):
        count = 0
        for way in WAYS:
            for client in CLIENTS:
                theirs, ours = self.through(0, way, client, f"m{count}")
                count += 1
                with self.subTest(way=way, client=client):
                    self.assertEqual(ours, theirs)
                    self.assertEqual([code for code, _ in ours[0]], [220, 250, 250, 250, 250, 354, 250, 221])
                    queue_id = ", orig_queue_id=ID" if way == "content_filter" else ""  # a proxy has no queue file
                    who = "mail.b.example" if client == "known" else "unknown"
                    self.assertEqual(ours[2], [f"client=unknown[127.0.0.1]{queue_id}, orig_client={who}[192.0.2.9]"])
        for sink in self.sinks:
            until(lambda: len(sink.messages) >= count, "the messages behind")
        by_subject = [{re.search(rb"Subject: (\w+)", content)[1]: content for _, _, content in sink.messages} for sink in self.sinks]
        self.assertEqual(by_subject[0].keys(), by_subject[1].keys())
        for subject, theirs in by_subject[0].items():
            with self.subTest(subject=subject):
                ours = by_subject[1][subject]
                self.assertEqual(received(ours), received(theirs))
                self.assertEqual(ours.split(b"\n\n")[1], theirs.split(b"\n\n")[1])

    def test_who_trusts_the_client_alone_refuses_the_front(self):
        for client in CLIENTS:
            theirs, ours = self.through(1, "smtpd_proxy_filter", client, "refused")
            with self.subTest(client=client):
                self.assertEqual(ours, theirs)
                self.assertEqual([code for code, _ in ours[0]], [220, 250, 250, 554, 554, 554, 221])
                self.assertTrue(any("RCPT from unknown[127.0.0.1]: 554 5.7.1" in line for line in ours[1]), ours[1])


if __name__ == "__main__":
    unittest.main()
