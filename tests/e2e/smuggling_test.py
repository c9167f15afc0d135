"""SMTP smuggling: every odd way to end a line or a message, in every mode of smtpd_forbid_bare_newline, in plain text, after
STARTTLS and by smtps, through DATA (cut at every byte of the oddity) and BDAT (cut there by the border of two chunks, and at each
byte besides by TCP; in TLS each byte is a border once and once the end of a record). What our server took as one message is one
at the next hop, however careless that is, and one in the Maildir. smtpd.md 13.13."""

import itertools
import unittest

import tls_files
from headgate_server import with_several
from lenient_sink import LenientSink
from smuggling import COMMANDS, MAIN, MODES, VARIANTS, Talk, all_delivered, cuts, has_bare_newline, has_end, one_answer


class SmugglingTest(unittest.TestCase):
    def serve(self, way):
        self.sink = LenientSink()
        self.addCleanup(self.sink.__exit__)
        modes = [{"smtpd_forbid_bare_newline": mode, "smtpd_tls_wrappermode": "yes" if way == "smtps" else "no"} for mode in MODES]
        main = MAIN + f"local_transport = virtual\ndefault_transport = smtp:[127.0.0.1]:{self.sink.port}\nrelay_transport = $default_transport\n"
        if way == "plain":
            self.server, ports = with_several(modes, main=main)
        else:
            self.server, ports = with_several(modes, main=main + tls_files.MAIN, prepare=tls_files.make)
        self.addCleanup(self.server.__exit__)
        self.way, self.ports = way, dict(zip(MODES, ports))

    def check_what_arrived(self):
        """As many messages in both places as were taken; how many, and how many of them the smuggler's."""
        taken = all_delivered(self.server, lambda: len(self.sink.messages), lambda: len(self.server.mail()))
        mail = self.server.mail()
        self.assertEqual(len(self.sink.messages), taken)
        self.assertEqual(len(mail), taken)
        self.assertEqual({line.split(b" ")[0] for line in self.sink.commands} - COMMANDS, set())
        self.assertEqual(sum(line.startswith(b"MAIL ") for line in self.sink.commands), taken)
        evil = sum(b"evil@" in sender for sender, _, _ in self.sink.messages)
        self.assertEqual(evil, sum(b"Return-Path: <evil@" in path.read_bytes() for path in mail))
        return taken, evil

    def through_data(self, variant, mode):
        talks = []
        for cut in cuts(variant):
            talks.append(Talk(self.ports[mode], self.way))
            talks[-1].data(variant, cut)
        answer = one_answer(talks)
        if mode == "normalize":
            self.assertEqual(answer, 2 if has_end(variant) else 1)
        if mode == "reject" and has_bare_newline(variant):
            self.assertEqual(answer, 0)
            self.assertIn(b"550 5.5.2 mx.here.example Error: bare <LF> received", talks[0].received)
        elif mode == "reject":
            self.assertLessEqual(answer, 2 if has_end(variant) else 1)

    def through_bdat(self, variant, mode):
        talk = Talk(self.ports[mode], self.way)
        count = 0
        places = cuts(variant)
        pairs = itertools.product(places, places) if self.way == "plain" else zip(places, reversed(places))
        for border, cut in pairs:
            talk.bdat(variant, border, cut)
            count += 1
        self.assertEqual(talk.finish(), 0 if mode == "reject" and has_bare_newline(variant) else count)
        self.assertEqual(talk.replies(), 5 * count + 1)

    def send_all(self, way, through):
        self.serve(way)
        for (name, variant), mode in itertools.product(VARIANTS.items(), MODES):
            with self.subTest(variant=name, mode=mode):
                through(variant, mode)
        return self.check_what_arrived()

    def check_data(self, way):
        # Nothing that went out was a command of the smuggler's: those of "evil" are the messages that mode "no" took.
        taken, evil = self.send_all(way, self.through_data)
        self.assertGreater(taken, 300)
        self.assertGreater(evil, 0)

    def check_bdat(self, way):
        taken, evil = self.send_all(way, self.through_bdat)
        self.assertGreater(taken, 200)
        self.assertEqual(evil, 0)

    def test_data(self):
        self.check_data("plain")

    def test_bdat(self):
        self.check_bdat("plain")

    @unittest.skipUnless(tls_files.available(), "openssl is not installed")
    def test_data_after_starttls(self):
        self.check_data("STARTTLS")

    @unittest.skipUnless(tls_files.available(), "openssl is not installed")
    def test_bdat_after_starttls(self):
        self.check_bdat("STARTTLS")

    @unittest.skipUnless(tls_files.available(), "openssl is not installed")
    def test_data_by_smtps(self):
        self.check_data("smtps")

    @unittest.skipUnless(tls_files.available(), "openssl is not installed")
    def test_bdat_by_smtps(self):
        self.check_bdat("smtps")


if __name__ == "__main__":
    unittest.main()
