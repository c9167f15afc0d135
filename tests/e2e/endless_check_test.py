"""A pattern that regexec does not end holds up the message it is asked about; the server goes on and can be stopped."""

import os
import signal
import smtplib
import unittest

from headgate_server import PATIENCE, Server, until

# Minutes for 70 letters, and each letter more makes it worse.
ENDLESS = r"/^(.*)(.*)(.*)(.*)\4\3\2\1!$/ REJECT" + "\n"
MESSAGE = "Subject: x\r\n\r\n" + "a" * 400 + "!\r\n"
ORDINARY = "Subject: y\r\n\r\ntext\r\n"


def begin(server, message=MESSAGE):
    """A client whose message is being looked at."""
    client = server.client()
    client.ehlo_or_helo_if_needed()
    client.mail("a@b.example")
    client.rcpt("me@here.example")
    code, _ = client.docmd("DATA")
    assert code == 354
    client.send(message + ".\r\n")
    return client


class EndlessCheck(unittest.TestCase):
    def stop_twice(self, server):
        server.kick(signal.SIGTERM)
        server.wait_for_log("terminating: waiting for sessions")
        server.kick(signal.SIGTERM)  # do not wait for the drain limit
        self.assertEqual(server.process.wait(PATIENCE), 0)

    def reload(self, server, endless):
        said = "reload: new sessions use the new configuration"
        before = server.log().count(said)
        server.write("endless", endless)
        server.kick(signal.SIGHUP)
        until(lambda: server.log().count(said) > before, "the reload")

    @unittest.skipIf(os.environ.get("UNSAFE_FORK"), "patterns are tried in a fork beside threads that allocate")
    def test_in_content_that_comes_in(self):
        with Server(main="body_checks = regexp:$config_directory/endless\n", files={"endless": ENDLESS}) as server:
            stuck = [begin(server)]
            for n in range(5):  # as often as an operator may think that this time it is right
                self.reload(server, f"/never{n}/ REJECT\n" + ENDLESS)
                stuck.append(begin(server))
            with server.client() as other:
                self.assertEqual(other.noop()[0], 250)
            self.reload(server, "/never/ REJECT\n")
            with server.client() as client:  # the new table does not wait for the old one
                client.sendmail("a@b.example", ["me@here.example"], "Subject: y\n\ntext\n")
            server.wait_for_mail(1)
            self.stop_twice(server)
            for client in stuck:
                with self.assertRaises(smtplib.SMTPServerDisconnected):
                    client.getreply()
                client.close()
            self.assertIn("leaving content checks that do not end", server.log())
            server.stop()
            server.start()
            with server.client() as client:
                client.sendmail("a@b.example", ["me@here.example"], "Subject: z\n\ntext\n")
            mail = b"".join(server.wait_for_mail(2))
            self.assertNotIn(b"Subject: x", mail)  # what was not acknowledged is not there

    def test_those_who_wait_behind_it_are_put_off(self):
        main = "smtpd_timeout = 5s\nbody_checks = regexp:$config_directory/endless\n"
        with Server(main=main, files={"endless": ENDLESS}, maxproc=4) as server:
            server.wait_for_log("endless has no pattern that can be scanned for")
            server.wait_for_log("is matched with its database now")  # header_checks; from now on the tables stay these
            stuck = begin(server)
            waiting = [begin(server, ORDINARY) for _ in range(2)]  # one more would be stress
            for client in waiting:
                self.assertEqual(client.getreply()[0], 451)
                client.quit()
            self.assertRegex(server.log(), r"content checks were busy with other messages for \d+s")
            self.reload(server, "/never/ REJECT\n")
            with server.client() as client:
                client.sendmail("a@b.example", ["me@here.example"], "Subject: z\n\ntext\n")
            self.assertIn(b"Subject: z", server.wait_for_mail(1)[0])
            self.stop_twice(server)
            stuck.close()

    def test_in_content_that_goes_out(self):
        with Server() as sink:
            out = f"default_transport = smtp:[127.0.0.1]:{sink.port}\nmydestination =\nsmtp_data_xfer_timeout = 5s\nminimal_backoff_time = 1s\nqueue_run_delay = 1s\nsmtp_body_checks = regexp:$config_directory/endless\n"
            with Server(main=out, files={"endless": ENDLESS}) as server:
                with server.client() as client:
                    for n in range(6):  # more than there are threads for it
                        client.sendmail("a@b.example", [f"me{n}@here.example"], MESSAGE)
                    # The queue's own threads are free: a message without the text that takes long is still taken.
                    client.sendmail("a@b.example", ["you@here.example"], "Subject: y\n\ntext\n")
                until(lambda: server.log().count("from=<a@b.example>") >= 7, "the queue to begin")
                server.wait_for_log("content checks were busy with other messages")
                server.wait_for_log("status=deferred (local data error while talking to")
                self.reload(server, "/never/ REJECT\n")
                with server.client() as client:  # the new table does not wait for the old one
                    client.sendmail("a@b.example", ["they@here.example"], "Subject: z\n\ntext\n")
                self.assertIn(b"Subject: z", sink.wait_for_mail(1)[0])
                self.stop_twice(server)
                self.assertIn("leaving content checks that do not end", server.log())
                server.stop()
                server.start()
                sink.wait_for_mail(8)


if __name__ == "__main__":
    unittest.main()
