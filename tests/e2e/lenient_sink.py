"""A next hop as careless as an old MTA: a line ends in CRLF, LF or CR alone, and any line that is "." ends the message.

    with LenientSink(ehlo=["8BITMIME"]) as sink:
        sink.port, sink.messages    # [(sender, [recipients], content)], content with LF line ends
"""

import socketserver
import threading


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256


class LenientSink:
    def __init__(self, ehlo=("8BITMIME",)):
        self.messages, self.commands, self.lock = [], [], threading.Lock()
        self.ehlo = list(ehlo)
        sink = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    Conversation(self.request, sink).hold()
                except OSError:
                    pass

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Conversation:
    def __init__(self, connection, sink):
        self.connection, self.sink, self.input = connection, sink, b""

    def say(self, text):
        self.connection.sendall(text.encode() + b"\r\n")

    def line(self):
        """The next line without its end, or None at the end of the connection."""
        while True:
            for at, byte in enumerate(self.input):
                if byte == 10:
                    line, self.input = self.input[:at], self.input[at + 1:]
                    return line
                if byte == 13 and at + 1 < len(self.input):
                    skip = 2 if self.input[at + 1] == 10 else 1
                    line, self.input = self.input[:at], self.input[at + skip:]
                    return line
            more = self.connection.recv(65536)
            if not more:
                return None
            self.input += more

    def hold(self):
        sender, recipients = None, []
        self.say("220 sink.example ESMTP")
        while (line := self.line()) is not None:
            with self.sink.lock:
                self.sink.commands.append(line)
            verb = line.split(b" ")[0].upper()
            if verb == b"EHLO":
                words = ["sink.example", *self.sink.ehlo]
                self.say("\r\n".join(f"250{'-' if i + 1 < len(words) else ' '}{w}" for i, w in enumerate(words)))
            elif verb == b"MAIL":
                sender, recipients = line, []
                self.say("250 2.1.0 Ok")
            elif verb == b"RCPT":
                recipients.append(line)
                self.say("250 2.1.5 Ok")
            elif verb == b"DATA":
                self.say("354 go on")
                content = []
                while (text := self.line()) is not None and text != b".":
                    content.append(text[1:] if text.startswith(b".") else text)
                if text is None:
                    return
                with self.sink.lock:
                    self.sink.messages.append((sender, recipients, b"\n".join(content) + b"\n"))
                self.say("250 2.0.0 Ok")
            elif verb == b"QUIT":
                return self.say("221 2.0.0 Bye")
            else:
                self.say("250 2.0.0 Ok")
