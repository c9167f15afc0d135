"""SMTP smuggling on the other ways out: to a content_filter, by a FILTER action of header or body checks, and to a next hop without
8BITMIME, for which the content is encoded anew. One message in is one message out. smuggling_test.py has the ways in."""

import itertools
import quopri
import unittest

from headgate_server import until, with_several
from lenient_sink import LenientSink
from smuggling import COMMANDS, HEAD, MAIN, MODES, VARIANTS, Talk, all_delivered, cuts, has_bare_newline, has_end, one_answer

FILTERS = {
    "content_filter": ("content_filter = %s\n", {}),
    "FILTER of a header": ("header_checks = regexp:$config_directory/checks\n", {"checks": "/^Subject:/ FILTER %s\n"}),
    "FILTER of a body line": ("body_checks = regexp:$config_directory/checks\n", {"checks": "/before|smuggled/ FILTER %s\n"}),
}
EIGHT_BIT = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nbef\xc3\xb6re"
HEADS = {
    "text": b"MIME-Version: 1.0\r\n" + EIGHT_BIT,
    "multipart": b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + EIGHT_BIT,
    "message in a message": b"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n" + EIGHT_BIT,
    "a part that ends": b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + EIGHT_BIT + b"\r\n--b--\r\nafter \xc3\xbc",
    "undeclared": b"Subject: eight bits\r\n\r\nbef\xc3\xb6re",
}


def decoded(message):
    """The body of the 8-bit entity; how it came is told by its header."""
    for encoding in (b"8bit", b"quoted-printable"):
        _, found, entity = message.partition(b"Content-Transfer-Encoding: " + encoding)
        if found:
            text = entity.split(b"\n\n", 1)[1].partition(b"\n--b--\n")[0]
            return quopri.decodestring(text) if encoding != b"8bit" else text
    return None


class SmugglingPathsTest(unittest.TestCase):
    def serve(self, ehlo, main, files):
        """`%s` in main and in the files is the transport to the sink."""
        self.sink = LenientSink(ehlo)
        self.addCleanup(self.sink.__exit__)
        transport = f"smtp:[127.0.0.1]:{self.sink.port}"
        files = {name: text.replace("%s", transport) for name, text in files.items()}
        options = [{"smtpd_forbid_bare_newline": mode} for mode in MODES]
        self.server, ports = with_several(options, main=MAIN + "local_transport = virtual\n" + main.replace("%s", transport), files=files)
        self.addCleanup(self.server.__exit__)
        self.ports = dict(zip(MODES, ports))

    def send(self, variant, mode, head):
        """By DATA and by BDAT, cut at every byte of the oddity."""
        chunked = Talk(self.ports[mode])
        talks = []
        for cut in cuts(variant):
            talks.append(Talk(self.ports[mode]))
            talks[-1].data(variant, cut, head)
            chunked.bdat(variant, cut, cut, head)
        answer = one_answer(talks)
        refused = mode == "reject" and has_bare_newline(variant)
        if mode != "no":
            self.assertEqual(answer, 0 if refused else 2 if has_end(variant) else 1)
        self.assertEqual(chunked.finish(), 0 if refused else len(talks))

    def send_all(self, heads, *places):
        """The number of messages that were taken, each of which is one at the sink."""
        for (name, variant), mode, (shape, head) in itertools.product(VARIANTS.items(), MODES, heads.items()):
            with self.subTest(variant=name, mode=mode, shape=shape):
                self.send(variant, mode, head)
        taken = all_delivered(self.server, lambda: len(self.sink.messages), *places)
        self.assertEqual(len(self.sink.messages), taken)
        self.assertEqual({line.split(b" ")[0] for line in self.sink.commands} - COMMANDS, set())
        self.assertEqual(sum(line.startswith(b"MAIL ") for line in self.sink.commands), taken)
        return taken

    def check_filter(self, name):
        main, files = FILTERS[name]
        self.serve(["8BITMIME"], main, files)
        self.assertGreater(self.send_all({"plain": HEAD}), 600)
        self.assertEqual(self.server.mail(), [])  # all of it went to the filter
        self.assertTrue(all(len(recipients) == 2 for _, recipients, _ in self.sink.messages))

    def test_content_filter(self):
        self.check_filter("content_filter")

    def test_filter_of_a_header(self):
        self.check_filter("FILTER of a header")

    def test_filter_of_a_body_line(self):
        self.check_filter("FILTER of a body line")

    def test_the_hop_is_careless_indeed(self):
        """What keeps a CR from it is cleanup_replace_stray_cr_lf alone, as in Postfix."""
        self.serve(["8BITMIME"], "content_filter = %s\ncleanup_replace_stray_cr_lf = no\n", {})
        names = ("CR.CR", "CR.CRLF", "LFCR.CRLF")
        for name in names:
            talk = Talk(self.ports["normalize"])
            talk.data(VARIANTS[name], 1)
            self.assertEqual(talk.finish(), 1)
        until(lambda: sum(line == b"MAIL FROM:<evil@client.example>" for line in self.sink.commands) == len(names), "the smuggler's commands")

    def test_a_next_hop_without_8bitmime(self):
        self.serve([], "default_transport = %s\nrelay_transport = %s\n", {})
        taken = self.send_all(HEADS, lambda: len(self.server.mail()))
        here = [path.read_bytes() for path in self.server.mail()]
        self.assertEqual(len(here), taken)
        # What was encoded is 7-bit, and decodes to what lies in the Maildir.
        there = [content for _, _, content in self.sink.messages]
        encoded = [content for content in there if b"quoted-printable" in content]
        self.assertGreater(len(encoded), taken // 3)
        for content in encoded:
            entity = content.split(b"quoted-printable\n", 1)[1].partition(b"\n--b--\n")[0]
            self.assertTrue(entity.isascii(), entity)
        self.assertEqual(sorted(filter(None, map(decoded, there))), sorted(filter(None, map(decoded, here))))


if __name__ == "__main__":
    unittest.main()
