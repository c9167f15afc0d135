"""A table edited faster than it can be built, in place and by rename, taken by polls and by SIGHUP, under sessions."""

import signal
import smtplib
import threading
import unittest

from compiled_tables import ALONE, children, litter, mapped_images, open_descriptors, row, wait_until_scanned
from headgate_server import Server, until
from reload_test import answer, replace, send

MAIN = ALONE + "header_checks = pcre:$config_directory/checks\ncheck_table_poll_interval = 1s\n"


class Together(Server):
    """All roles in one process, whatever the other tests run with: its children and descriptors are counted."""

    split = False


class Hammered(unittest.TestCase):
    def test_a_table_edited_under_sessions(self):
        def table(n):
            return f"/^Subject: x/ REJECT version {n}\n" + "".join(f"/^X-{i}-{n}: y.*z/ DUNNO\n" for i in range(40))

        patient = MAIN + "smtpd_soft_error_limit = 100000\nsmtpd_hard_error_limit = 100000\n"
        with Together(patient, files={"checks": table(0)}) as server:
            pid = server.process.pid
            self.assertIn("version 0", send(server))
            wait_until_scanned(server)
            until(lambda: children(pid) == [], "the first builder to be waited for")
            at_rest = open_descriptors(pid)
            stop, trouble, answers, most = threading.Event(), [], [], [0]

            def client():
                try:
                    with server.client() as smtp:  # one session for the whole time
                        smtp.ehlo()
                        while not stop.is_set():
                            text = answer(smtp)
                            answers.append(text)
                            if not text.startswith("550 5.7.1 version "):
                                trouble.append(text)
                except (smtplib.SMTPException, OSError) as error:
                    trouble.append(repr(error))

            def watch():
                while not stop.is_set():
                    most[0] = max(most[0], len(children(pid)))

            threads = [threading.Thread(target=client) for _ in range(3)] + [threading.Thread(target=watch)]
            for thread in threads:
                thread.start()
            try:
                for n in range(1, 61):
                    if n < 30:
                        server.write("checks", table(n))  # in place: who reads it now sees half of it, or nothing
                    else:
                        replace(server, "checks", table(n))
                        if n % 5 == 0:
                            server.kick(signal.SIGHUP)
                    heard = len(answers)
                    until(lambda: trouble or len(answers) > heard, "an answer between two edits")
                until(lambda: trouble or "version 60" in answers[-1], "the last table")
                until(lambda: trouble or row(server)["databases"], f"its database; log:\n{server.log()[-3000:]}")
            finally:
                stop.set()
                for thread in threads:
                    thread.join()
            self.assertEqual(trouble[:3], [])
            self.assertIn("version 60", send(server))
            self.assertEqual(most[0], 1, "one builder at a time")
            self.assertEqual(server.log().count("no database"), 0)
            until(lambda: children(pid) == [], "all builders to be waited for")
            until(lambda: open_descriptors(pid) <= at_rest, "the descriptors to be closed")
            until(lambda: len(mapped_images(pid)) == 1, "old images to be let go")
            self.assertEqual(litter(server), [])


if __name__ == "__main__":
    unittest.main()
