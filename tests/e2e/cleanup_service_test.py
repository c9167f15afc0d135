"""Which service's -o settings the content checks follow: cleanup's, as in Postfix. Where one can be started, a private
Postfix is asked the same questions."""

import concurrent.futures
import pathlib
import re
import shutil
import smtplib
import sys
import tempfile
import unittest

from headgate_server import Server

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "collide" / "whole"))
import servers  # the private Postfix of the comparison

CHECKS = "header_checks=pcre:@/checks"
STRESS = "header_checks=${stress?{pcre:@/few}:{pcre:@/checks}}"
TABLES = {
    "checks": "/^Subject: .*/ REJECT told by the checks\n",
    "few": "/^Subject: worm/ REJECT told by the few\n",
    "copies": "/^([a-z0-9]+) bcc/ BCC $1@archive.example\n/^go/ REDIRECT z@here.example\n",
}
CHOSEN = "-o cleanup_service_name=cleanup0"

ADD = "always_add_missing_headers=yes"

# main.cf, what follows smtpd, what follows cleanup, cleanup0 (None: no such entry), the Subject, how it ends.
ADDED, BARE = "added", "bare"  # 250; a Message-ID was missing and is added, or not
ROWS = [
    ("", CHOSEN, "", "-o " + CHECKS, "x", "550 5.7.1 told by the checks"),
    ("", CHOSEN, "-o " + CHECKS, "", "x", BARE),
    ("", "", "-o " + CHECKS, None, "x", "550 5.7.1 told by the checks"),
    ("", "-o " + CHECKS, "", None, "x", BARE),
    (CHECKS, "", "-o header_checks=", None, "x", BARE),
    (CHECKS, "-o header_checks=", "", None, "x", "550 5.7.1 told by the checks"),
    ("header_checks=pcre:@/$which\nwhich=few", "-o which=few", "-o which=checks", None, "x", "550 5.7.1 told by the checks"),
    ("", "-o strict_8bitmime=yes", "", None, "caf\xe9", BARE),
    ("", "", "-o strict_8bitmime=yes", None, "caf\xe9", "550 5.6.0 improper use of 8-bit data in message header"),
    ("", "-o always_add_missing_headers=yes", "", None, "x", BARE),
    ("", "", "-o always_add_missing_headers=yes", None, "x", ADDED),
    ("", "-o hopcount_limit=1", "", None, "x", BARE),
    ("", "", "-o hopcount_limit=1", None, "x", "554 5.4.0 Error: too many hops"),
    # what both read, each its own
    (ADD, "", "-o myhostname=clean.example", None, "x", ADDED + " by clean.example"),
    (ADD, "-o myhostname=clean.example", "", None, "x", ADDED),
    (CHECKS, "", "-o soft_bounce=yes", None, "x", "550 5.7.1 told by the checks"),
    # smtpd's own, which cleanup's entry does not change
    (CHECKS, "-o receive_override_options=no_header_body_checks", "", None, "x", BARE),
    (CHECKS, "", "-o receive_override_options=no_header_body_checks", None, "x", "550 5.7.1 told by the checks"),
    (CHECKS, "-o soft_bounce=yes", "", None, "x", "450 4.7.1 told by the checks"),
]
# main.cf, smtpd, cleanup, cleanup0; lines of 90 bytes in the body, or the name of a body; the reply, who warns of the size, and how many of the
# lines the checks saw before (cleanup's writes fail when 4096 bytes are full, or at the end; None: deviation 20).
EACH_LINE = "body_checks=pcre:{{/./ INFO}}\n"
COPIES = "body_checks=pcre:@/copies\n"
BODIES = {
    "long lines": (b"a" * 2000 + b"\r\n") * 60,  # 9 bytes more each when they are cut at 512
    "copies": b"".join(b"w%02d bcc\r\n" % n for n in range(40)) + b"go\r\n",
}
BIG = "552 5.3.4 Error: message file too big"
SIZE_ROWS = [
    ("", "", "-o message_size_limit=3000", None, 200, (BIG, ["cleanup"], 36)),
    ("", "", "-o message_size_limit=3000", None, 25, (BIG, ["cleanup"], 25)),
    ("", "", "-o message_size_limit=3000", None, 20, ("250", [], 20)),
    ("", "", "-o message_size_limit=4500", None, 200, (BIG, ["cleanup"], 80)),
    ("", CHOSEN, "", "-o message_size_limit=3000", 200, (BIG, ["cleanup"], 36)),
    ("", CHOSEN, "-o message_size_limit=3000", "", 200, ("250", [], 200)),
    ("message_size_limit=3000", "-o message_size_limit=50000", "", None, 200, (BIG, ["cleanup"], 36)),
    ("message_size_limit=3000", "-o message_size_limit=0", "", None, 200, (BIG, ["cleanup"], 36)),
    ("message_size_limit=3000", "", "", None, 30, (BIG, ["cleanup"], 30)),  # the envelope makes it too big
    ("message_size_limit=3000", "", "", None, 200, (BIG, ["smtpd"], None)),
    ("message_size_limit=3000", "", "-o message_size_limit=0", None, 200, (BIG, ["smtpd"], None)),
    ("message_size_limit=3000", "-o message_size_limit=0", "-o message_size_limit=0", None, 200, ("250", [], 200)),
    ("", "-o message_size_limit=3000", "", None, 200, (BIG, ["smtpd"], None)),
    ("", "", "-o message_size_limit=500", None, 1, (BIG, ["cleanup"], 1)),
    ("", "", "-o message_size_limit=3000 -o line_length_limit=512", None, 24, (BIG, ["cleanup"], 24)),
    ("", "", "-o message_size_limit=121300", None, "long lines", ("250", [], 26)),
    ("", "", "-o message_size_limit=121300 -o line_length_limit=512", None, "long lines", (BIG, ["cleanup"], 26)),
    ("", "-o line_length_limit=512", "-o message_size_limit=121300", None, "long lines", (BIG, ["cleanup"], 103)),
    ("line_length_limit=512", "-o line_length_limit=2048", "-o message_size_limit=121300 -o line_length_limit=2048", None, "long lines", ("250", [], 26)),
    (COPIES, "", "-o message_size_limit=2400", None, "copies", (BIG, ["cleanup"], 0)),  # what a redirect takes back is in the file
    (COPIES, "", "-o message_size_limit=4400", None, "copies", ("250", [], 0)),
]
# Ours: cleanup's settings under the smtpd service's stress.
STRESS_ROWS = [
    (STRESS, "-o stress=yes", "", None, "x", BARE),
    (STRESS, "-o stress=yes", "", None, "worm", "550 5.7.1 told by the few"),
    (STRESS, "-o stress=", "", None, "x", "550 5.7.1 told by the checks"),
    ("", "-o stress=yes", f"-o {{ {STRESS} }}", None, "x", BARE),
    ("", "-o stress=yes", f"-o {{ {STRESS} }}", None, "worm", "550 5.7.1 told by the few"),
    ("", "", f"-o {{ {STRESS} }}", None, "x", "550 5.7.1 told by the checks"),
]


def entries(row, directory):
    _, smtpd, cleanup, cleanup0 = row[:4]
    text = f"cleanup unix n - n - 0 cleanup {cleanup}\n"
    if cleanup0 is not None:
        text += f"cleanup0 unix n - n - 0 cleanup {cleanup0}\n"
    return text.replace("@", str(directory)), smtpd.replace("@", str(directory))


def main_of(row, directory):
    return (row[0] + "\nlocal_header_rewrite_clients=\nsmtpd_hard_error_limit=1000\n").replace("@", str(directory))


def checks_of(row):
    return "" if "body_checks" in row[0] else EACH_LINE


def size_ending(port, log, body):
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
        smtp.ehlo("client.example")
        smtp.mail("a@client.example")
        smtp.rcpt("me@here.example")
        code, text = smtp.data(b"Subject: x\r\n\r\n" + (BODIES.get(body) or (b"a" * 90 + b"\r\n") * body))
    servers.until(lambda: "disconnect from" in log(), "the end of the session in the log")
    who = re.findall(r"postfix/(\w+)\[\d+\]: warning: \w+: queue file size limit exceeded", log())
    seen = None if "smtpd" in who else log().count(": info: body")
    if "cleanup" in who and "warning: mail_stream_cleanup: close error" not in log():
        who.append("nothing of its close")
    return "250" if code == 250 else f"{code} {text.decode()}", who, seen


def ending(port, log, subject):
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
        smtp.ehlo("client.example")
        smtp.mail("a@client.example")
        smtp.rcpt("me@here.example")
        code, text = smtp.data(f"Received: x\nSubject: {subject}\n\nx\n".encode("latin-1"))
    if code != 250:
        return f"{code} {text.decode()}"
    servers.until(lambda: "message-id=" in log(), "a message-id in the log")
    if "message-id=<>" in log():
        return BARE
    return ADDED + (" by clean.example" if "@clean.example>" in log() else "")


class Headgate(unittest.TestCase):
    def test_the_cleanup_service_counts(self):
        for row in ROWS + STRESS_ROWS:
            with self.subTest(row), Server(start=False, files=TABLES) as server:
                others, options = entries(row, server.config)
                with open(server.config / "main.cf", "a") as main:
                    main.write(main_of(row, server.config))
                server.write("master.cf", f"127.0.0.1:0 inet n - n - 20 smtpd {options}\n{others}")
                server.start()
                self.assertEqual(ending(server.port, server.log, row[4]), row[5])
                if "header_checks" not in "".join(map(str, row)):
                    continue
                # The command line judges by the same settings; receive_override_options it does not ask for.
                refused = "told by" in row[5] or "no_header_body_checks" in row[1]
                match = server.run("match", "-", text_in=f"Subject: {row[4]}\n\nx\n")
                self.assertEqual("reject" in match.stdout, refused, match.stdout + match.stderr)

    def test_each_of_the_two_sizes_counts(self):
        for row in SIZE_ROWS:
            with self.subTest(row), Server(start=False, files=TABLES) as server:
                others, options = entries(row, server.config)
                with open(server.config / "main.cf", "a") as main:
                    main.write(main_of(row, server.config) + checks_of(row))
                server.write("master.cf", f"127.0.0.1:0 inet n - n - 20 smtpd {options}\n{others}")
                server.start()
                self.assertEqual(size_ending(server.port, server.log, row[4]), row[5])

    def test_what_main_cf_alone_says(self):  # compat.md, deviation 31
        with Server(start=False) as server:
            server.write("master.cf", "127.0.0.1:0 inet n - n - 20 smtpd -o syslog_name=mine\n"
                                      "cleanup unix n - n - 0 cleanup -o enable_long_queue_ids=yes -o syslog_name=its\n")
            server.start()
            ending(server.port, server.log, "x")
            self.assertRegex(server.log(), r" postfix/cleanup\[\d+\]: [0-9A-F]+: message-id=<")

    def test_check_says_what_does_nothing(self):
        with Server(start=False, files=TABLES) as server:
            server.write("master.cf", "2525 inet n - n - 20 smtpd -o header_checks=pcre:/no/such\n"
                                      "2526 inet n - n - 20 smtpd\ncleanup unix n - n - 0 cleanup\n")
            said = server.run("check")
            self.assertEqual(said.returncode, 0, said.stderr)
            self.assertEqual(said.stderr.count("does nothing here: cleanup reads that, not smtpd"), 1, said.stderr)
            self.assertIn("master.cf, line 1: service 2525: -o header_checks", said.stderr)
            server.write("master.cf", "2525 inet n - n - 20 smtpd -o cleanup_service_name=scan\n")
            said = server.run("check")
            self.assertEqual(said.returncode, 78, said.stderr)
            self.assertIn("cleanup_service_name = scan: master.cf has no such cleanup service", said.stderr)


class PrivatePostfix(servers.Postfix):
    """One smtpd and its cleanup, as a row has them."""

    def __init__(self, directory, row):
        self.row = row
        super().__init__(directory, [row], None, None)

    def write_configuration(self):
        etc = self.directory / "etc"
        main = {**servers.COMMON, **servers.POSTFIX_ONLY, "queue_directory": self.spool,
                "data_directory": self.directory / "data", "maillog_file": self.log_path,
                "maillog_file_prefixes": self.directory / "log", "default_transport": "discard:"}
        (etc / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in main.items()) + main_of(self.row, etc))
        others, options = entries(self.row, etc)
        own = servers.SERVICES.replace("cleanup unix n - n - 0 cleanup\n", "")
        (etc / "master.cf").write_text(f"127.0.0.1:{self.ports[0]} inet n - n - 20 smtpd {options}\n{own}{others}")
        if row_is_of_size(self.row):
            with open(etc / "main.cf", "a") as file:
                file.write(checks_of(self.row))
        for name, text in TABLES.items():
            (etc / name).write_text(text)


def row_is_of_size(row):
    return row in SIZE_ROWS


def ask_postfix(row):
    directory = tempfile.mkdtemp(prefix="headgate-cleanup-")
    pathlib.Path(directory).chmod(0o755)
    postfix = None
    try:
        postfix = PrivatePostfix(directory, row)
        ask = size_ending if row_is_of_size(row) else ending
        return ask(postfix.ports[0], postfix.log, row[4])
    finally:
        if postfix:
            postfix.stop()
        shutil.rmtree(directory, ignore_errors=True)


@unittest.skipIf(servers.why_not(), "no private Postfix can be started here")
class Postfix(unittest.TestCase):
    def test_its_answers_are_the_same(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:  # a start and a stop are seconds of waiting
            for row, answer in zip(ROWS + SIZE_ROWS, pool.map(ask_postfix, ROWS + SIZE_ROWS)):
                with self.subTest(row):
                    self.assertEqual(answer, row[5])


if __name__ == "__main__":
    unittest.main()
