"""A pattern that takes long holds up the message it is asked about, not the dialogues of others."""

import socket
import unittest

from headgate_server import PATIENCE, Server

# PCRE2 gives up on each such line at its match limit, after some hundredths of a second.
DEAR = "/^(a+)+$/ REJECT\n"
LINES = 60


class Dialogue:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.file = self.socket.makefile("rb")
        self.line()

    def line(self):
        return self.file.readline().decode()

    def say(self, text):
        self.socket.sendall(text.encode() + b"\r\n")
        return self.line()

    def close(self):
        self.file.close()
        self.socket.close()


class DearContent(unittest.TestCase):
    def test_others_go_on(self):
        with Server(main="body_checks = pcre:$config_directory/dear\n", files={"dear": DEAR}) as server:
            dear, other = Dialogue(server.port), Dialogue(server.port)
            dear.say("HELO dear.example")
            dear.say("MAIL FROM:<a@b.example>")
            dear.say("RCPT TO:<me@here.example>")
            self.assertTrue(dear.say("DATA").startswith("354"))
            body = "Subject: x\r\n\r\n" + ("a" * 40 + "!\r\n") * LINES + ".\r\n"
            dear.socket.sendall(body.encode())
            dear.socket.setblocking(False)
            answered = []
            for _ in range(LINES // 3):  # more turns than a loop that looks at lines between them would give
                answered.append(other.say("NOOP"))
            with self.assertRaises(BlockingIOError, msg="the dear message was through before the other's commands"):
                dear.socket.recv(1, socket.MSG_PEEK)
            self.assertEqual(set(answered), {"250 2.0.0 Ok\r\n"})
            dear.socket.setblocking(True)
            dear.socket.settimeout(4 * PATIENCE)
            self.assertTrue(dear.line().startswith("250 2.0.0 Ok: queued"))
            dear.close()
            other.close()


if __name__ == "__main__":
    unittest.main()
