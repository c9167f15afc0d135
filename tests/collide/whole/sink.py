"""The capturing next hop of both servers: an SMTP server on loopback that keeps every delivery, envelope and bytes.

It listens on two ports: one that offers 8BITMIME and DSN and one that does not. Each delivery gets a number, told in the 250
after DATA; the sender logs that reply, and so a delivery is found from the log line of the server that made it."""
import dataclasses
import socketserver
import threading


@dataclasses.dataclass
class Delivery:
    port: str  # '8bit' or '7bit'
    sender: str
    recipients: list
    content: bytes  # dots removed, CRLF line ends as they came


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256


class Sink:
    def __init__(self):
        self.deliveries = []
        self.lock = threading.Lock()
        self.servers = {}
        for kind in ('8bit', '7bit'):
            server = _Server(('127.0.0.1', 0), self.handler(kind))
            threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 5}, daemon=True).start()
            self.servers[kind] = server

    def port(self, kind='8bit'):
        return self.servers[kind].server_address[1]

    def keep(self, delivery):
        with self.lock:
            self.deliveries.append(delivery)
            return len(self.deliveries) - 1

    def handler(self, kind):
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def say(self, text):
                self.wfile.write(text.encode() + b'\r\n')

            def handle(self):
                try:
                    self.converse()
                except OSError:
                    pass

            def converse(self):
                self.say('220 sink.example ESMTP')
                sender, recipients = None, []
                for line in self.rfile:
                    line = line.rstrip(b'\r\n').decode('latin-1')
                    verb = line[:4].upper()
                    if verb == 'EHLO':
                        self.say('250-sink.example\r\n250-PIPELINING\r\n' +
                                 ('250-8BITMIME\r\n250-DSN\r\n' if kind == '8bit' else '') + '250 ENHANCEDSTATUSCODES')
                    elif verb == 'MAIL':
                        sender, recipients = line[10:], []
                        self.say('250 2.1.0 Ok')
                    elif verb == 'RCPT':
                        recipients.append(line[8:])
                        self.say('250 2.1.5 Ok')
                    elif verb == 'DATA':
                        self.say('354 go on')
                        delivery = Delivery(kind, sender, recipients, self.content())
                        self.say('250 2.0.0 Ok: kept as %d.' % sink.keep(delivery))
                    elif verb == 'QUIT':
                        self.say('221 2.0.0 Bye')
                        return
                    else:
                        self.say('250 2.0.0 Ok')

            def content(self):
                lines = []
                ended = True  # the line before ended with CRLF
                for line in self.rfile:
                    if ended and line == b'.\r\n':
                        return b''.join(lines)
                    lines.append(line[1:] if ended and line.startswith(b'.') else line)
                    ended = line.endswith(b'\r\n')
                raise OSError('the client went away')

        return Handler

    def close(self):
        for server in self.servers.values():
            server.server_close()
