"""Lookup tables that ask other programs, and tables in tables, as the server's roles have them, with the roles' rights."""

import socket
import threading
import unittest

from headgate_server import Server, until


class LookupServer:
    """Plays tcp: (a line for a line) or socketmap: (a netstring for a netstring) with `answers`, once it is told to go on."""

    def __init__(self, answers, path=None, netstrings=False):
        self.answers, self.netstrings = answers, netstrings
        self.asked = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.socket = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.socket.bind(str(path) if path else ("127.0.0.1", 0))
        self.port = None if path else self.socket.getsockname()[1]
        self.socket.listen(50)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            while True:
                if self.netstrings:
                    length = b""
                    while not length.endswith(b":"):
                        byte = stream.read(1)
                        if not byte:
                            return
                        length += byte
                    key = stream.read(int(length[:-1]) + 1)[:-1].decode().split(" ", 1)[1]
                else:
                    line = stream.readline()
                    if not line:
                        return
                    key = line[4:-1].decode()
                self.asked.append(key)
                self.go_on.wait()
                value = self.answers.get(key)
                if self.netstrings:
                    reply = f"OK {value}" if value else "NOTFOUND "
                    connection.sendall(f"{len(reply)}:{reply},".encode())
                else:
                    connection.sendall(f"200 {value}\n".encode() if value else b"500 no\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


STRANGER = "mynetworks = 192.0.2.1\nsmtpd_relay_restrictions = reject_unauth_destination\n"


class TableServers(unittest.TestCase):
    def rcpt(self, server, address):
        with server.client() as smtp:
            smtp.helo()
            smtp.mail("a@client.example")
            return smtp.rcpt(address)[0]

    def test_front_asks_a_tcp_server(self):
        with LookupServer({"known.example": "yes"}) as tables:
            with Server(STRANGER + f"relay_domains = tcp:localhost:{tables.port}\n") as server:
                self.assertEqual(self.rcpt(server, "a@known.example"), 250)
                self.assertEqual(self.rcpt(server, "a@other.example"), 554)
            self.assertIn("known.example", tables.asked)

    def test_front_asks_a_socketmap_of_either_kind(self):
        for kind in ("inet", "unix"):
            with self.subTest(kind):
                server = Server(start=False)
                path = server.directory / "tables.sock"
                with server, LookupServer({"known.example": "yes", "a@known.example": "yes"}, path if kind == "unix" else None,
                                          netstrings=True) as tables:
                    place = f"unix:{path}" if kind == "unix" else f"inet:127.0.0.1:{tables.port}"
                    main = (server.config / "main.cf").read_text()
                    server.write("main.cf", main + STRANGER + f"relay_domains = socketmap:{place}:d\nrelay_recipient_maps = socketmap:{place}:r\n")
                    server.start()
                    self.assertEqual(self.rcpt(server, "a@known.example"), 250)
                    self.assertEqual(self.rcpt(server, "b@known.example"), 550)
                    self.assertEqual(self.rcpt(server, "a@other.example"), 554)

    def test_a_server_that_is_not_there_is_no_unknown_domain(self):
        with Server(STRANGER + "relay_domains = socketmap:unix:/no/such/socket:d\n") as server:
            self.assertIn(self.rcpt(server, "a@known.example") // 10, (45, 43))
            server.wait_for_log("connect to /no/such/socket: No such file or directory")

    def test_deliver_asks_too_and_its_loop_goes_on(self):
        """A message for another domain is delivered while the first waits for its mailbox."""
        server = Server(start=False)
        path = server.directory / "tables.sock"
        with server, LookupServer({"me@virtual.example": "Maildir/"}, path, netstrings=True) as tables:
            main = (server.config / "main.cf").read_text()
            server.write("main.cf", main + "virtual_mailbox_domains = virtual.example\nlocal_transport = discard\n"
                         f"virtual_mailbox_maps = socketmap:unix:{path}:m\n")
            server.start()
            with server.client() as smtp:
                smtp.mail("a@client.example")
                self.assertEqual(smtp.rcpt("me@virtual.example")[0], 250)  # FRONT asks, too
                asked = len(tables.asked)
                tables.go_on.clear()
                self.assertEqual(smtp.data("Subject: x\n\nx\n")[0], 250)
                until(lambda: len(tables.asked) > asked, "DELIVER's question")
                smtp.sendmail("a@client.example", ["me@here.example"], "Subject: y\n\ny\n")
            server.wait_for_log("to=<me@here.example>, relay=none")
            self.assertEqual(server.mail(), [])
            tables.go_on.set()
            server.wait_for_mail(1)

    def test_deliver_routes_by_a_tcp_server(self):
        with LookupServer({"here.example": "yes"}) as tables:
            with Server(f"mydestination = tcp:127.0.0.1:{tables.port}\n") as server:
                with server.client() as smtp:
                    smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")
                server.wait_for_mail(1)

    def test_a_file_in_a_union_is_watched(self):
        with Server(STRANGER + "relay_domains = unionmap:{inline:{one.example=1}, pipemap:{texthash:$config_directory/domains, static:1}}\n"
                    "check_table_poll_interval = 1s\n", files={"domains": "two.example x\n"}) as server:
            codes = [self.rcpt(server, f"a@{name}.example") for name in ("one", "two", "three")]
            self.assertEqual(codes, [250, 250, 554])
            new = server.config / "new"
            new.write_text("three.example x\n")
            new.rename(server.config / "domains")
            until(lambda: self.rcpt(server, "a@three.example") == 250, "the new text")
            self.assertEqual([self.rcpt(server, f"a@{name}.example") for name in ("one", "two")], [250, 554])

    def test_each_role_reads_files_in_a_union_wherever_they_are(self):
        server = Server(start=False)
        elsewhere = server.directory / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "domains").write_text("here.example x\n")
        with server:
            server.write("main.cf", (server.config / "main.cf").read_text() +
                         f"mydestination = unionmap:{{inline:{{a=b}}, pipemap:{{texthash:{elsewhere}/domains}}}}\n")
            server.start()
            with server.client() as smtp:
                smtp.sendmail("a@client.example", ["me@here.example"], "Subject: x\n\nx\n")
            server.wait_for_mail(1)

    def test_patterns_in_a_union_are_compiled_with_all_others(self):
        with Server(start=False, files={"checks": "/x/ y\n"}) as server:
            server.write("main.cf", (server.config / "main.cf").read_text() +
                         "header_checks = unionmap:{static:x, pcre:$config_directory/checks, pipemap:{regexp:{{/z/ z}}}}\n")
            told = server.run("compile", "--all")
            self.assertEqual(told.returncode, 0, told.stderr)
            self.assertIn(f"pcre:{server.config}/checks: 1 rules", told.stdout)
            self.assertIn("regexp:{{/z/ z}}: 1 rules", told.stdout)

    def test_check_opens_what_is_inside(self):
        with Server(start=False) as server:
            server.write("main.cf", (server.config / "main.cf").read_text() + "relay_domains = unionmap:{static:x, texthash:/no/such}\n")
            told = server.run("check")
            self.assertIn("relay_domains: open database /no/such: No such file or directory", told.stderr)
            self.assertNotEqual(told.returncode, 0)


if __name__ == "__main__":
    unittest.main()
