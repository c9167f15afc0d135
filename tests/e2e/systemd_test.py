"""What a service manager sees and gives: NOTIFY_SOCKET, WATCHDOG_USEC, LISTEN_FDS. Its part is played here."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest

from headgate_server import PATIENCE, headgate
from roles import Split


class Manager:
    """A socket for notices."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="headgate-notify-")
        self.path = self.directory.name + "/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(PATIENCE)

    def next(self, wanted):
        """The next notice that says so."""
        while True:
            text = self.socket.recv(4096).decode()
            if wanted in text.split("\n"):
                return text

    def close(self):
        self.socket.close()
        self.directory.cleanup()


class Notices(unittest.TestCase):
    def setUp(self):
        self.manager = Manager()
        self.addCleanup(self.manager.close)

    def test_life(self):
        with Split(environment={"NOTIFY_SOCKET": self.manager.path}) as server:
            self.assertIn(f"MAINPID={server.process.pid}\n", self.manager.next("READY=1"))
            server.kick(signal.SIGHUP)
            self.assertIn("\nMONOTONIC_USEC=", self.manager.next("RELOADING=1"))
            self.manager.next("READY=1")
            server.kick(signal.SIGUSR2)
            self.assertIn(f"MAINPID={server.process.pid}\n", self.manager.next("READY=1"))
            server.kick(signal.SIGTERM)
            self.manager.next("STOPPING=1")
            self.assertEqual(server.stop(), 0)

    def test_the_watchdog_is_told_again_and_again(self):
        environment = {"NOTIFY_SOCKET": self.manager.path, "WATCHDOG_USEC": "300000"}
        with Split(environment=environment):
            for _ in range(5):
                self.manager.next("WATCHDOG=1")


class Activation(unittest.TestCase):
    def test_a_socket_that_is_there_is_taken(self):
        """A client may come before the server does."""
        with socket.socket() as listening, Split(start=False) as server:
            listening.bind(("127.0.0.1", 0))
            listening.listen(5)
            port = listening.getsockname()[1]
            server.write("master.cf", f"127.0.0.1:{port} inet n - n - 20 smtpd\n")
            server.host, server.port = "127.0.0.1", port
            early = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            script = 'exec 3<&"$1" || exit 1; shift; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
            port_file = server.directory / "port"
            server.process = subprocess.Popen(
                ["bash", "-c", script, "bash", str(listening.fileno()), headgate(), "serve", "-c", str(server.config),
                 "--port-file", str(port_file)],
                cwd=server.directory, pass_fds=[listening.fileno()], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            with early:
                self.assertTrue(early.makefile().readline().startswith("220 "))
            with server.client() as smtp:
                self.assertEqual(smtp.noop()[0], 250)


if __name__ == "__main__":
    unittest.main()
