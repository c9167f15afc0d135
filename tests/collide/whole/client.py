"""A pipelining SMTP client for bytes that no library would send: lone CRs and LFs, NULs, lines of any length."""
import re
import socket

PATIENCE = 20  # seconds; a limit, never a wait


def stuffed(content):
    """Dots doubled at each line start; ends with CRLF (what a client must send before the final dot)."""
    if content and not content.endswith(b'\r\n'):
        content += b'\r\n'
    return re.sub(rb'(?m)^\.', b'..', content)


class Lost(Exception):
    pass


class Session:
    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile('rb')
        self.reply()
        self.send(b'EHLO client.example\r\n')
        self.reply()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Lost(str(error))

    def reply(self):
        lines = []
        while True:
            try:
                line = self.file.readline()
            except OSError as error:
                raise Lost(str(error))
            if not line:
                raise Lost('connection closed after %r' % lines)
            lines.append(line.decode('latin-1').rstrip('\r\n'))
            if line[3:4] != b'-':
                return '\n'.join(lines)

    def deliver(self, message):
        """The replies to the commands that were not 2xx or 354, and the reply to the content."""
        commands = ['MAIL FROM:<%s>%s' % (message.sender, ' ' + message.options if message.options else '')]
        commands += ['RCPT TO:' + (r if r.startswith('<') else '<%s>' % r) for r in message.recipients] + ['DATA']
        self.send('\r\n'.join(commands).encode() + b'\r\n')
        replies = [self.reply() for _ in commands]
        refused = [r for r in replies if r[0] not in '23']
        if not replies[-1].startswith('354'):
            self.send(b'RSET\r\n')
            self.reply()
            return replies
        self.send(stuffed(message.content) + b'.\r\n')
        return refused + [self.reply()]

    def quit(self):
        try:
            self.send(b'QUIT\r\n')
            self.reply()
        except Lost:
            pass
        self.socket.close()


def deliver_all(port, messages, per_session=20):
    """One list of replies a message. A lost connection is a reply of its own: both servers must lose it."""
    results, session = [], None
    for i, message in enumerate(messages):
        try:
            if session is None:
                session = Session(port)
            results.append(session.deliver(message))
        except (Lost, OSError) as error:
            results.append(['lost: %s' % re.sub(r"after .*", '', str(error))])
            if session is not None:
                session.socket.close()
                session = None
            continue
        if i % per_session == per_session - 1:
            session.quit()
            session = None
    if session is not None:
        session.quit()
    return results
