"""A process a role: the mail's way through them, and what is left of it when one is killed."""

import json
import os
import pathlib
import re
import signal
import smtplib
import socket
import threading
import time
import unittest

from headgate_server import free_port, until
from roles import Clients, Split, alive, at_work, kill, one, processes

QUICK = "queue_run_delay = 2s\nminimal_backoff_time = 1s\nmaximal_backoff_time = 2s\n"


def settled(pid):
    """It has given up its rights, and a moment later it is ready."""
    try:
        return "\nSeccomp:\t2" in pathlib.Path(f"/proc/{pid}/status").read_text() and time.sleep(0.2) is None
    except OSError:
        return False


class Roles(unittest.TestCase):
    def test_each_has_a_process_and_all_end_with_master(self):
        with Split() as server:
            found = processes(server)
            self.assertEqual({role: len(found[role]) for role in ("front", "queue", "deliver")},
                             {"front": 1, "queue": 1, "deliver": 1})
            pids = [pid for role in ("front", "queue", "deliver") for pid in found[role]]
            server.kill()  # MASTER, by SIGKILL
            until(lambda: not any(alive(pid) for pid in pids), "the roles to end")

    def test_one_that_still_reads_its_tables_ends_with_master_too(self):
        """And does not keep the port from the next server."""
        with Split(port=free_port()) as server:
            good = (server.config / "main.cf").read_text()
            os.mkfifo(server.config / "endless")  # who opens it waits
            server.write("main.cf", good + "header_checks = pcre:$config_directory/endless\n")
            server.kick(signal.SIGHUP)
            until(lambda: len(processes(server).get("front", [])) == 2, "a new FRONT")
            time.sleep(0.3)  # for it to come to its tables
            pids = [pid for all_of_it in processes(server).values() for pid in all_of_it]
            server.kill()
            until(lambda: not any(alive(pid) for pid in pids), "the roles to end", patience=10)
            server.write("main.cf", good)
            server.start()

    def test_a_port_that_is_free_a_moment_later_is_waited_for(self):
        port = free_port()
        with socket.socket() as other, Split(port=port, start=False) as server:
            other.bind(("127.0.0.1", port))
            other.listen()
            threading.Timer(0.5, other.close).start()
            server.start()

    def test_a_stop_leaves_nobody(self):
        with Split() as server:
            pids = [pid for all_of_it in processes(server).values() for pid in all_of_it]
            self.assertEqual(server.stop(), 0)
            self.assertFalse(any(alive(pid) for pid in pids))

    def test_signals_to_the_whole_group_stop_it_in_order(self):
        """Ctrl-C: every process gets it, MASTER decides."""
        with Split() as server:
            with server.client() as smtp:
                smtp.ehlo()
                for pid in [pid for all_of_it in processes(server).values() for pid in all_of_it]:
                    os.kill(pid, signal.SIGINT)
                self.assertEqual(smtp.noop()[0], 250)
                server.kick(signal.SIGINT)
                self.assertEqual(smtp.getreply()[0], 421)
                smtp.close()
            self.assertEqual(server.stop(), 0)

    def test_status_tells_of_them(self):
        with Split() as server:
            text = server.run("status").stdout
            for role in ("front", "queue", "deliver"):
                self.assertRegex(text, rf"\n  {role} +{one(server, role)} +0 +0 +")

    def test_a_role_that_cannot_start_is_the_start_s_failure(self):
        with Split("smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = permit\n", start=False) as server:
            process = server.spawn()
            _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 78, errors)
            self.assertIn("fatal: ", errors)


class Spool(unittest.TestCase):
    def test_files_made_ready_go_after_a_quiet_time(self):
        with Split() as server:
            with server.client() as smtp:
                for n in range(8):
                    smtp.sendmail("a@client.example", ["me@here.example"], f"Subject: n{n}\n\nx\n")
            server.wait_for_mail(8)
            incoming = server.directory / "spool" / "incoming"
            until(lambda: os.listdir(incoming) == [], "the files that nobody needed to go")


class HandedOver(unittest.TestCase):
    """What a FRONT knows of its clients and of its stress goes to the one that a reload brings."""

    def send(self, server):
        with server.client() as smtp:
            smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")

    def stress(self, server):
        document = json.loads(server.run("--json", "stress", "status").stdout)
        (service,) = document["services"]
        return service, document["stress"]

    def reload(self, server):
        old = one(server, "front")
        server.kick(signal.SIGHUP)
        until(lambda: at_work(server, "front") not in (None, old), "the new FRONT")

    def test_stress_clients_and_counts(self):
        with Split("smtpd_client_message_rate_limit = 2\nsmtpd_client_event_limit_exceptions =\n") as server:
            self.send(server)
            self.assertEqual(server.run("stress", "on").returncode, 0)
            for _ in range(2):
                self.reload(server)
            service, house = self.stress(server)
            self.assertEqual((service["level"], service["mode"], service["why"]), (1, "on", "on by hand"))
            self.assertEqual(house["clients"]["known_good"], 1)
            self.assertEqual([(change["from"], change["to"]) for change in house["history"]], [(0, 1)])
            self.send(server)
            with self.assertRaisesRegex(smtplib.SMTPSenderRefused, "too much mail from"):
                self.send(server)
            self.reload(server)
            self.assertEqual(self.stress(server)[1]["refusals"]["message_rate"], 1)
            self.assertEqual(server.run("stress", "auto").returncode, 0)
            self.assertEqual(self.stress(server)[0]["level"], 0)
            self.assertEqual(server.log().count("entering stress mode"), 1)


class Killed(unittest.TestCase):
    def test_front_under_load(self):
        with Split(QUICK) as server:
            with Clients(server, sessions_may_end=True) as clients:
                for n in range(3):
                    clients.wait_for_more()
                    kill(server, "front")
                    server.wait_for_log("warning: process headgate/front pid ", n + 1)
                clients.wait_for_more()
            clients.check_delivered()
            self.assertIn("killed by signal 9", server.log())

    def test_queue_under_load(self):
        with Split(QUICK) as server:
            with Clients(server) as clients:
                for _ in range(3):
                    clients.wait_for_more()
                    kill(server, "queue")
                clients.wait_for_more()
            self.assertEqual(clients.trouble, [])
            clients.check_delivered()

    def test_deliver_under_load(self):
        with Split(QUICK) as server:
            with Clients(server) as clients:
                for _ in range(3):
                    clients.wait_for_more()
                    kill(server, "deliver")
                clients.wait_for_more()
            self.assertEqual(clients.trouble, [])
            clients.check_delivered()

    def test_mail_that_comes_while_queue_is_away_is_delivered_after(self):
        """Stopped, not killed: the channel fills up and wakes are lost, of messages in incoming/ and in active/."""
        for end in (signal.SIGCONT, signal.SIGKILL):
            with self.subTest(end), Split(QUICK) as server:
                queue = one(server, "queue")
                os.kill(queue, signal.SIGSTOP)
                with Clients(server, count=4, messages_a_session=100) as clients:
                    until(lambda: clients.sent() >= 100 or clients.trouble, "100 messages")
                self.assertEqual(clients.trouble, [])
                self.assertEqual(server.mail(), [])
                os.kill(queue, end)
                clients.check_delivered()

    def test_files_that_are_written_over_go_in_the_end(self):
        with Split(QUICK) as server:
            incoming = server.directory / "spool" / "incoming"

            def spares():  # 8 digits: QUEUE's
                return [file.name for file in incoming.iterdir() if re.fullmatch(r"new\.\d+-[0-9a-f]{8}", file.name)]

            with Clients(server, count=4, messages_a_session=100) as clients:
                until(lambda: spares() or clients.trouble, "a file to write over")
            self.assertEqual(clients.trouble, [])
            clients.check_delivered()
            server.stop()
            self.assertEqual([file.name for file in incoming.iterdir()], [])

    def test_what_front_was_writing_goes(self):
        with Split() as server:
            incoming = server.directory / "spool" / "incoming"
            with server.client() as smtp:
                smtp.mail("a@client.example")
                smtp.rcpt("me@here.example")
                smtp.putcmd("data")
                self.assertEqual(smtp.getreply()[0], 354)
                smtp.send(b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n")
                until(lambda: list(incoming.iterdir()), "a file")
                kill(server, "front")
                until(lambda: not list(incoming.iterdir()), "it to go")
                smtp.close()


class Again(unittest.TestCase):
    def test_a_start_that_fails_is_throttled_and_a_reload_ends_that(self):
        with Split("service_throttle_time = 1h\n") as server:
            good = (server.config / "main.cf").read_text()
            server.write("main.cf", good + "smtpd_timeout = soon\n")
            os.kill(one(server, "deliver"), signal.SIGKILL)
            server.wait_for_log("warning: headgate/deliver: bad command startup -- throttling")
            self.assertEqual(processes(server).get("deliver", []), [])
            server.write("main.cf", good)
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions use the new configuration")
            with server.client() as smtp:
                smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")
            server.wait_for_mail(1)


class Generations(unittest.TestCase):
    def test_a_session_ends_where_it_began(self):
        with Split() as server:
            old = one(server, "front")
            with server.client() as smtp:
                smtp.ehlo()
                server.kick(signal.SIGHUP)
                server.wait_for_log("reload: new sessions use the new configuration")
                self.assertEqual(len(processes(server)["front"]), 2)
                smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")
            until(lambda: not alive(old), "the old FRONT to end")
            self.assertEqual(len(server.wait_for_mail(1)), 1)
            self.assertNotEqual(one(server, "front"), old)

    def test_a_new_front_that_dies_before_it_serves_is_replaced(self):
        with Split() as server:
            old, deliver = one(server, "front"), one(server, "deliver")
            with server.client() as long_one:  # as long as it is there the old FRONT does not end
                long_one.ehlo()
                os.kill(old, signal.SIGSTOP)  # it does not say what it leaves, MASTER waits some seconds for that
                server.kick(signal.SIGHUP)
                until(lambda: not alive(deliver), "the new DELIVER to be installed")
                new, = [pid for pid in processes(server)["front"] if pid != old]
                os.kill(new, signal.SIGKILL)
                server.wait_for_log(f"process headgate/front pid {new} killed by signal 9")
                os.kill(old, signal.SIGCONT)
                with server.client() as smtp:
                    smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")
                server.wait_for_mail(1)
                self.assertNotIn(at_work(server, "front"), (None, old, new))
                self.assertEqual(long_one.noop()[0], 250)

    def test_a_new_deliver_that_dies_while_front_gets_ready_refuses_the_reload(self):
        """DELIVER is ready long before FRONT."""
        with Split() as server:
            front, deliver = one(server, "front"), one(server, "deliver")
            good = (server.config / "main.cf").read_text()
            os.mkfifo(server.config / "endless")
            server.write("main.cf", good + "header_checks = pcre:$config_directory/endless\n")
            server.kick(signal.SIGHUP)
            until(lambda: len(processes(server).get("front", [])) == 2, "a new FRONT")
            until(lambda: len(processes(server).get("deliver", [])) == 2, "a new DELIVER")
            new, = [pid for pid in processes(server)["deliver"] if pid != deliver]
            until(lambda: settled(new), "DELIVER to get ready")
            os.kill(new, signal.SIGKILL)
            (server.config / "endless").write_text("/x/ DUNNO\n")  # FRONT gets ready now
            server.wait_for_log("reload: the new deliver has ended; the old configuration stays in force")
            self.assertEqual((one(server, "front"), one(server, "deliver")), (front, deliver))
            with server.client() as smtp:
                smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")
            server.wait_for_mail(1)

    def test_queue_that_dies_before_the_start_has_ended_is_started_again(self):
        with Split(start=False) as server:
            good = (server.config / "main.cf").read_text()
            os.mkfifo(server.config / "endless")
            server.write("main.cf", good + "header_checks = pcre:$config_directory/endless\n")
            threading.Thread(target=self.kill_queue, args=(server,)).start()
            server.start()
            with server.client() as smtp:
                smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")
            server.wait_for_mail(1)

    def kill_queue(self, server):
        """When it is ready; only then can FRONT get ready, too."""
        until(lambda: server.process, "MASTER")
        queue = one(server, "queue")
        until(lambda: settled(queue), "QUEUE to get ready")
        os.kill(queue, signal.SIGKILL)
        until(lambda: not alive(queue), "it to end")
        (server.config / "endless").write_text("/x/ DUNNO\n")

    def test_what_a_front_leaves_too_late_is_not_kept(self):
        def state():
            links = []
            for path in pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir():
                try:
                    links.append(os.readlink(path))
                except OSError:  # closed meanwhile
                    pass
            return [link for link in links if "memfd:headgate-front" in link]
        with Split() as server:
            old = one(server, "front")
            with server.client() as smtp:
                smtp.ehlo()
                os.kill(old, signal.SIGSTOP)
                server.kick(signal.SIGHUP)
                server.wait_for_log("reload: new sessions use the new configuration")
                os.kill(old, signal.SIGCONT)
                for _ in range(20):
                    self.assertEqual(smtp.noop()[0], 250)
                    time.sleep(0.02)
                self.assertEqual(state(), [])

    def test_reloads_under_load_drop_nothing(self):
        with Split(QUICK) as server:
            with Clients(server) as clients:
                for n in range(10):
                    clients.wait_for_more(3)
                    server.kick(signal.SIGHUP)
                    server.wait_for_log("reload: new sessions use the new configuration", n + 1)
            self.assertEqual(clients.trouble, [])
            self.assertEqual(clients.check_delivered(), 0)
            one(server, "front")

    def test_new_settings_reach_queue(self):
        with Split("minimal_backoff_time = 1h\nlocal_transport = retry:later\n") as server:
            with server.client() as smtp:
                smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")
            server.wait_for_log("status=deferred (later)")
            good = (server.config / "main.cf").read_text()
            server.write("main.cf", good + "minimal_backoff_time = 1s\nmaximal_backoff_time = 1s\n")
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions use the new configuration")
            with server.client() as smtp:
                smtp.sendmail("a@client.example", ["me@here.example"], "Subject: y\n\ny\n")
            server.wait_for_log("status=deferred (later)", 3)  # the second message, twice


if __name__ == "__main__":
    unittest.main()
