"""All slots are taken and somebody comes: who leaves, who stays, who waits. Nothing here hangs on how fast the machine is:
where an order is to be seen the idle time that is granted is an hour, or the server is waited for."""

import json
import socket
import threading
import unittest

import tls_files
from headgate_server import PATIENCE, Server, free_ports, until

# 127.0.0.9 is ours, everybody else a stranger.
STRANGERS = ("mynetworks = 127.0.0.9/32\nsmtpd_timeout = 300s\nsmtpd_hard_error_limit = 20\nsmtpd_junk_command_limit = 100\n"
             "smtpd_per_request_deadline = no\n")
PATIENT = STRANGERS + "stress_idle_grace = 1h\n"
BUSY = b"421 4.3.2 mx.here.example Service busy, please try again later\r\n"


class Client:
    def __init__(self, server, source, port=None):
        self.socket = socket.create_connection((server.host, port or server.port), timeout=PATIENCE, source_address=(source, 0))
        self.stream = self.socket.makefile("rb")

    def reply(self):
        while True:
            line = self.stream.readline()
            if line[3:4] != b"-":
                return line

    def greeted(self):
        greeting = self.reply()
        assert greeting.startswith(b"220 "), greeting
        return self

    def say(self, *commands):
        for command in commands:
            self.socket.sendall(command + b"\r\n")
            reply = self.reply()
        return reply

    def hello(self):
        assert self.say(b"EHLO client.example").startswith(b"250 ")
        return self

    def begin_data(self):
        reply = self.say(b"EHLO client.example", b"MAIL FROM:<a@client.example>", b"RCPT TO:<me@here.example>", b"DATA")
        assert reply.startswith(b"354 "), reply
        self.socket.sendall(b"Subject: x\r\n\r\nfirst line\r\n")
        return self

    def end_data(self):
        return self.say(b"last line\r\n.")

    def deliver(self):
        assert self.begin_data().end_data().startswith(b"250 ")
        return self

    def has_nothing(self):
        """For what must not have come: asked only after something later has."""
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) is None
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)

    def close(self):
        self.stream.close()
        self.socket.close()


class Eviction(unittest.TestCase):
    def client(self, server, source, port=None):
        client = Client(server, source, port)
        self.addCleanup(client.close)
        return client

    def test_who_brings_a_chunk_now_and_then_makes_room(self):
        with Server(STRANGERS + "stress_content_timeout = 1s\n", maxproc=1) as server:
            slow = self.client(server, "127.0.0.1").greeted()
            slow.say(b"EHLO client.example", b"MAIL FROM:<a@client.example>", b"RCPT TO:<me@here.example>")
            over = threading.Event()

            def trickle():
                while not over.wait(0.2):
                    try:
                        slow.socket.sendall(b"BDAT 1\r\nx")
                    except OSError:
                        return

            thread = threading.Thread(target=trickle)
            thread.start()
            try:
                self.client(server, "127.0.0.3").greeted().deliver()
            finally:
                over.set()
                thread.join()
            self.assertIn("making room after BDAT", server.log())
            server.wait_for_mail(1)

    def test_an_idle_stranger_makes_room(self):
        with Server(STRANGERS, maxproc=2) as server:
            first = self.client(server, "127.0.0.1").greeted().hello()
            second = self.client(server, "127.0.0.2").greeted().hello()
            self.client(server, "127.0.0.3").greeted().deliver()
            self.assertEqual(first.reply(), BUSY)
            self.assertEqual(first.stream.readline(), b"")
            self.assertIn("making room after EHLO from unknown[127.0.0.1]: idle for ", server.log())
            self.assertIn("entering stress mode (2/2 busy)", server.log())
            self.assertTrue(second.has_nothing())
            server.wait_for_mail(1)

    def test_ours_come_in_at_once_and_before_those_who_wait(self):
        with Server(PATIENT, maxproc=2) as server:
            first = self.client(server, "127.0.0.1").greeted().hello()
            second = self.client(server, "127.0.0.2").greeted().hello()
            waiting = self.client(server, "127.0.0.3")
            until(lambda: waiting_count(server) == 1, "one who waits")
            ours = self.client(server, "127.0.0.9").greeted().hello()
            self.assertEqual(first.reply(), BUSY)
            self.assertTrue(second.has_nothing())
            self.assertTrue(waiting.has_nothing())
            self.client(server, "127.0.0.9").greeted()
            self.assertEqual(second.reply(), BUSY)
            ours.say(b"QUIT")
            waiting.greeted()

    def test_who_has_sent_mail_stays_and_is_known_when_it_comes_again(self):
        with Server(PATIENT, maxproc=2) as server:
            sender = self.client(server, "127.0.0.1").greeted().deliver()
            stranger = self.client(server, "127.0.0.2").greeted().hello()
            again = self.client(server, "127.0.0.1").greeted().hello()
            self.assertEqual(stranger.reply(), BUSY)
            self.assertTrue(sender.has_nothing())
            newcomer = self.client(server, "127.0.0.3")
            until(lambda: waiting_count(server) == 1, "one who waits")
            self.assertTrue(again.has_nothing() and sender.has_nothing() and newcomer.has_nothing())
            sender.say(b"QUIT")
            newcomer.greeted()

    def test_nobody_is_sent_away_while_it_sends_content(self):
        main = STRANGERS + "stress_reserved_slots = 0\n"
        with Server(main, maxproc=2) as server:
            busy = [self.client(server, "127.0.0.1").greeted().begin_data()]
            chunked = self.client(server, "127.0.0.2").greeted()
            chunked.say(b"EHLO client.example", b"MAIL FROM:<a@client.example>", b"RCPT TO:<me@here.example>")
            chunked.socket.sendall(b"BDAT 14\r\nSubject: x\r\n\r\n")
            self.assertTrue(chunked.reply().startswith(b"250 "))
            ours = self.client(server, "127.0.0.9")
            until(lambda: waiting_count(server) == 1, "one who waits")
            self.assertTrue(ours.has_nothing())
            self.assertTrue(busy[0].end_data().startswith(b"250 "))
            ours.greeted()  # in the place of the one that is idle now
            self.assertEqual(busy[0].reply(), BUSY)
            chunked.socket.sendall(b"BDAT 6 LAST\r\ntext\r\n")
            self.assertTrue(chunked.reply().startswith(b"250 "))
            server.wait_for_mail(2)

    @unittest.skipUnless(tls_files.available(), "openssl is not installed")
    def test_a_handshake_that_does_not_begin_is_no_work(self):
        server = Server(tls_files.MAIN + PATIENT, maxproc=2, start=False)
        tls_files.make(server)
        server.start()
        with server:
            stuck = []
            for i in (1, 2):
                stuck.append(self.client(server, "127.0.0.%d" % i).greeted().hello())
                self.assertTrue(stuck[-1].say(b"STARTTLS").startswith(b"220 "))
            self.client(server, "127.0.0.9").greeted()
            self.assertEqual(stuck[0].stream.read(), b"")
            server.wait_for_log("making room after STARTTLS from unknown[127.0.0.1]")
            self.assertTrue(stuck[1].has_nothing())

    def test_a_reserve_for_known_good_clients(self):
        with Server(PATIENT + "stress_reserved_slots = 1\n", maxproc=2) as server:
            busy = [self.client(server, "127.0.0.%d" % i).greeted().begin_data() for i in (1, 2)]
            stranger = self.client(server, "127.0.0.3")
            until(lambda: waiting_count(server) == 1, "one who waits")
            self.client(server, "127.0.0.9").greeted().begin_data()
            more = self.client(server, "127.0.0.9")
            until(lambda: waiting_count(server) == 2, "two who wait")
            self.assertTrue(stranger.has_nothing() and more.has_nothing())
            for client in busy:
                self.assertTrue(client.end_data().startswith(b"250 "))
                client.say(b"QUIT")
            more.greeted()

    def test_too_many_wait(self):
        with Server(PATIENT + "stress_waiting_limit = 1\n", maxproc=2) as server:
            held = [self.client(server, "127.0.0.%d" % i).greeted().hello() for i in (1, 2)]
            waiting = self.client(server, "127.0.0.3")
            until(lambda: waiting_count(server) == 1, "one who waits")
            self.assertEqual(self.client(server, "127.0.0.4").reply(), BUSY)
            server.wait_for_log("1 clients wait for a slot (stress_waiting_limit = 1); others are told 421")
            held[0].say(b"QUIT")
            waiting.greeted()

    def test_who_talks_while_it_waits_gets_no_greeting(self):
        with Server(PATIENT, maxproc=1) as server:
            held = self.client(server, "127.0.0.1").greeted()
            early = self.client(server, "127.0.0.2")
            early.socket.sendall(b"EHLO client.example\r\n")
            until(lambda: waiting_count(server) == 1, "one who waits")
            held.say(b"QUIT")
            self.assertEqual(early.stream.read(), b"554 5.5.0 Error: SMTP protocol synchronization\r\n")
            server.wait_for_log("improper command pipelining after CONNECT from unknown[127.0.0.2]: EHLO client.example\\r\\n")
            server.wait_for_log("disconnect from unknown[127.0.0.2] commands=0/0")

    # Each may have 50,000, but they have the descriptors of one process: half of 200, as the other half is for the rest.
    def test_those_who_wait_at_all_services_share_the_descriptors(self):
        server = Server(PATIENT, start=False)
        few = server.directory / "few"
        few.write_text(f'#!/bin/sh\nulimit -n 200\nexec "{server.program}" "$@"\n')
        few.chmod(0o755)
        with server:
            ports = free_ports(2)
            server.write("master.cf", "".join(f"127.0.0.1:{port} inet n - n - 1 smtpd\n" for port in ports))
            program, server.program = server.program, str(few)
            server.start()
            server.program = program
            held = [self.client(server, "127.0.0.1", port).greeted().hello() for port in ports]
            for number in range(60):
                self.client(server, f"127.0.1.{number}", ports[0])
            until(lambda: waiting_counts(server).get(ports[0]) == 60, "60 who wait at the first")
            rest = [self.client(server, f"127.0.2.{number}", ports[1]) for number in range(60)]
            until(lambda: sum(not one.has_nothing() for one in rest) == 20, "20 who are sent away")
            server.wait_for_log("40 clients wait for a slot (stress_waiting_limit = 40); others are told 421")
            self.assertEqual(waiting_counts(server), {ports[0]: 60, ports[1]: 40})
            # A place at the one is a place at the other.
            held[0].say(b"QUIT")
            until(lambda: waiting_counts(server)[ports[0]] == 59, "one who has a slot")
            self.client(server, "127.0.3.1", ports[1])
            until(lambda: waiting_counts(server)[ports[1]] == 41, "one more who waits")
            self.assertEqual(self.client(server, "127.0.3.2", ports[1]).reply(), BUSY)

    # The content of a refused BDAT is read to be forgotten: not at level 2, when three times as many want a slot.
    def test_content_that_is_thrown_away_makes_room(self):
        with Server(PATIENT, maxproc=2) as server:
            refused = self.client(server, "127.0.0.1").greeted().hello()
            refused.socket.sendall(b"BDAT 1000000\r\nfirst line\r\n")
            busy = self.client(server, "127.0.0.2").greeted().begin_data()
            waiting = [self.client(server, "127.0.1.%d" % i) for i in range(3)]
            until(lambda: waiting_count(server) == 3, "three who wait")
            self.assertIn("entering stress mode (2/2 busy)", server.log())
            self.assertTrue(refused.has_nothing())
            waiting.append(self.client(server, "127.0.1.3"))
            self.assertEqual(refused.reply(), BUSY)
            self.assertEqual(refused.stream.readline(), b"")
            waiting[0].greeted()
            self.assertTrue(busy.end_data().startswith(b"250 "))  # what is kept is heard to its end
            self.assertIn("level 1 -> 2 (2/2 busy, 4 waiting)", server.log())

    def test_without_it_newcomers_wait_as_with_postfix(self):
        with Server(STRANGERS + "stress_evicts_idle_sessions = no\n", maxproc=2) as server:
            held = [self.client(server, "127.0.0.%d" % i).greeted().hello() for i in (1, 2)]
            ours = self.client(server, "127.0.0.9")
            with self.assertRaises(TimeoutError):
                ours.socket.settimeout(1.5)  # longer than stress_idle_grace
                ours.socket.recv(1)
            ours.socket.settimeout(PATIENCE)
            held[0].say(b"QUIT")
            self.assertTrue(ours.socket.recv(4) == b"220 ")

    def test_a_flood_of_idle_clients_and_mail_that_gets_through(self):
        with Server(STRANGERS, maxproc=4) as server:
            over = threading.Event()

            def flood(number):
                while not over.is_set():
                    try:
                        client = Client(server, "127.0.1.%d" % number)
                        try:
                            client.socket.settimeout(1)
                            if client.reply().startswith(b"220"):
                                client.socket.sendall(b"EHLO flood.example\r\n")
                            while client.stream.readline() and not over.is_set():
                                pass
                        finally:
                            client.close()
                    except OSError:
                        pass

            threads = [threading.Thread(target=flood, args=(i + 1,)) for i in range(40)]
            for thread in threads:
                thread.start()
            try:
                server.wait_for_log("making room after EHLO from unknown[127.0.1.")
                for _ in range(10):
                    client = Client(server, "127.0.0.7").greeted().deliver()
                    client.close()
            finally:
                over.set()
                for thread in threads:
                    thread.join()
            server.wait_for_mail(10)


def waiting_counts(server):
    """How many wait at each port."""
    status = server.run("--json", "status")
    services = json.loads(status.stdout)["services"] if status.returncode == 0 else []
    return {int(service["service"].rsplit(":", 1)[1]): service["waiting"] for service in services}


def waiting_count(server):
    """At the only port."""
    return next(iter(waiting_counts(server).values()), -1)


if __name__ == "__main__":
    unittest.main()
