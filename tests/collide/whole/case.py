"""A case: one configuration with its tables, and the messages that both servers get under it.

In parameter values and tables `@DIR@` stands for the folder of the tables, `@SINK@` and `@SINK7@` for the ports of the
capturing server (the second offers no 8BITMIME), `@SMTP@` for the transport of the case. A case is written to and read from a folder (tests/collide/found/NAME), so that a failure can be replayed:

    main.cf          the parameters, one a line
    tables/NAME      the tables
    messages/NN      an envelope of `sender`, `recipient` and `options` lines, an empty line, the raw content
"""
import dataclasses
import pathlib


@dataclasses.dataclass
class Message:
    content: bytes  # as typed by the user: dots are not doubled, the final CRLF.CRLF is not there
    sender: str = 'me@cNN.example'  # NN becomes the place in the round: Postfix finds the case's delivery service by it
    recipients: tuple = ('you@dest.example',)  # or with parameters of RCPT: '<you@dest.example> NOTIFY=NEVER'
    options: str = ''  # the parameters of MAIL: 'BODY=8BITMIME RET=HDRS'

    def to_bytes(self):
        lines = ['sender ' + self.sender] + ['recipient ' + r for r in self.recipients]
        if self.options:
            lines.append('options ' + self.options)
        return '\n'.join(lines).encode() + b'\n\n' + self.content

    @staticmethod
    def from_bytes(data):
        head, _, content = data.partition(b'\n\n')
        message = Message(content, '', ())
        for line in head.decode().split('\n'):
            name, _, value = line.partition(' ')
            if name == 'recipient':
                message.recipients += (value,)
            else:
                setattr(message, name, value)
        return message


@dataclasses.dataclass
class Case:
    name: str
    params: dict
    tables: dict  # file name -> bytes
    messages: list

    def copy(self, **changes):
        return dataclasses.replace(self, **changes)

    def main_cf(self):
        return ''.join('%s = %s\n' % item for item in self.params.items())

    def write(self, folder):
        folder = pathlib.Path(folder)
        (folder / 'tables').mkdir(parents=True, exist_ok=True)
        (folder / 'messages').mkdir(exist_ok=True)
        (folder / 'main.cf').write_bytes(self.main_cf().encode('latin-1'))
        for name, text in self.tables.items():
            (folder / 'tables' / name).write_bytes(text)
        for i, message in enumerate(self.messages):
            (folder / 'messages' / ('%02d' % i)).write_bytes(message.to_bytes())

    @staticmethod
    def read(folder):
        folder = pathlib.Path(folder)
        params = {}
        for line in (folder / 'main.cf').read_bytes().decode('latin-1').split('\n'):
            if line.strip() and not line.startswith('#'):
                name, _, value = line.partition('=')
                params[name.strip()] = value.strip()
        tables = {p.name: p.read_bytes() for p in sorted((folder / 'tables').glob('*'))}
        messages = [Message.from_bytes(p.read_bytes()) for p in sorted((folder / 'messages').glob('*'))]
        return Case(folder.name, params, tables, messages)
