#!/usr/bin/env python3
"""clients_agree_test.py HEADGATE: tcp:, socketmap: and memcache: tables, asked of `headgate map` and of postmap.

Fake servers, on ports of this machine's choosing, answer as the key tells them: right, slowly, wrongly, not at all. Values, exit
status, what is complained about (once, however often it was tried) and what the server was asked must be equal. Exit 77 where
postmap is not installed."""
import concurrent.futures
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time


class Server:
    """Answers each request by `answer(key)`: bytes, or what Close, Slowly and the like make of them."""

    def __init__(self, requests, answer, path=None):
        self.requests, self.answer = requests, answer
        self.asked = []
        self.lock = threading.Lock()
        self.socket = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.socket.bind(path or ('127.0.0.1', 0))
        self.port = None if path else self.socket.getsockname()[1]
        self.socket.listen(100)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            for request in self.requests(connection.makefile('rb')):
                if not request.startswith(b'set '):  # postmap stores what the backup has; headgate does not
                    with self.lock:
                        self.asked.append(request)
                if not self.answer(request, connection):
                    return
        except OSError:
            pass
        finally:
            connection.close()


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def slowly(connection, data):
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(.005)
    return True


def deliver(connection, key, reply, right):
    """What all three protocols have in common; `right` is a reply with the value it is given."""
    if key == b'close':
        return False
    if key == b'reset':
        reset(connection)
        return False
    if key == b'once':
        connection.sendall(right(b'v'))
        return False
    if key == b'slow':
        return slowly(connection, right(b'slow value'))
    if key == b'part':
        connection.sendall(right(b'v')[:5])
        return False
    connection.sendall(reply)
    return True


COMMON = [b'ok', b'slow', b'once', b'ABC', 'ü'.encode(), 'ÜẞÄ'.encode(), b'\xff', b'a\tb', b'a b', b'a%b', b'\x01', b'\x7f', b'~!"#$&\'()*+,/:;<=>?@[\\]^_`{|}',
          b'k' * 300, b'K' * 3000, b'']
AGAIN = [b'close', b'reset', b'part']  # tried again


# tcp:

def tcp_right(value):
    return b'200 ' + value + b'\n'


TCP = {b'ok': tcp_right(b'value'), b'nf': b'500 no\n', b'tmp': b'400 later\n', b'sp': b'200  two  words \n', b'enc': b'200 a%20b%0a%25\n',
       b'cut': b'200 a%2\n', b'nohex': b'200 a%zz\n', b'empty': b'200 \n', b'bare': b'200\n', b'bare5': b'500\n', b'bare4': b'400\n',
       b'600': b'600 x\n', b'abc': b'abc\n', b'tab': b'200\tv\n', b'cr': b'200 v\r\n', b'long': tcp_right(b'x' * 4091), b'2000': b'2000 v\n',
       b'200x': b'200x v\n', b'nul': b'200 a\0b\n', b'nul%': b'200 a%00b\n', b'blank': b'\n', b'lead': b' 200 v\n', b'two': b'200 v\n200 w\n',
       b'utf': '200 ü\n'.encode(), b'latin': b'200 \xff\n', b'enc5': b'500 a%zz\n', b'enc4': b'400 a%zz\n', b'minus': b'-200 v\n',
       b'plus': b'+200 v\n', b'utf%': b'200 %C3%bc\n', b'0200': b'0200 v\n', b'020': b'020 v\n', b'neg%': b'200 %-1\n', b'20': b'20 v\n',
       b'\xc3\xbc': b'200 %\n', b'5xx': b'5 00\n', b'501': b'501 x\n', b'250': b'250 x\n', b'451': b'451 x\n', b'350': b'350 x\n', b'100': b'100 x\n'}
TCP_AGAIN = {b'toolong': tcp_right(b'x' * 4092)}


def tcp_requests(stream):
    for line in stream:
        yield line


def tcp_answer(request, connection):
    key = request[4:-1]
    return deliver(connection, key, {**TCP, **TCP_AGAIN}.get(key, b'500 x\n'), tcp_right)


# socketmap:

def netstring(text):
    return b'%d:%s,' % (len(text), text)


def socketmap_right(value):
    return netstring(b'OK ' + value)


SOCKETMAP = {b'ok': socketmap_right(b'value'), b'nf': netstring(b'NOTFOUND '), b'nf2': netstring(b'NOTFOUND'), b'nfx': netstring(b'NOTFOUND x y'),
             b'temp': netstring(b'TEMP later'), b'temp0': netstring(b'TEMP '), b'timeout': netstring(b'TIMEOUT t'),
             b'perm': netstring(b'PERM p'), b'perm0': netstring(b'PERM'), b'okempty': netstring(b'OK '), b'okbare': netstring(b'OK'),
             b'low': netstring(b'ok v'), b'sp': netstring(b'OK  two  w '), b'tab': netstring(b'OK\tv'), b'lead': netstring(b' OK v'),
             b'foo': netstring(b'FOO v'), b'empty': netstring(b''), b'nocomma': b'8:OK value;', b'nolen': b':OK,', b'neg': b'-4:OK v,',
             b'plus': b'+4:OK v,', b'zero': b'04:OK v,', b'text': b'hello\n', b'big': socketmap_right(b'x' * 99997),
             b'big1': socketmap_right(b'x' * 99998), b'huge': b'99999999999999999999:OK v,', b'int': b'4294967300:OK v,',
             b'splen': b' 4:OK v,', b'lensp': b'4 :OK v,', b'nul': netstring(b'OK a\0b'), b'utf': socketmap_right('ü'.encode()),
             b'latin': socketmap_right(b'\xff'), b'two': socketmap_right(b'v') + socketmap_right(b'w'), b'nl': socketmap_right(b'a\nb'),
             b'cr': socketmap_right(b'a\r\n'), b'tail': socketmap_right(b'v') + b'\n', b'tempnul': netstring(b'TEMP a\0b')}


def socketmap_requests(stream):
    while True:
        length = b''
        while not length.endswith(b':'):
            byte = stream.read(1)
            if not byte:
                return
            length += byte
        text = stream.read(int(length[:-1]))
        if stream.read(1) != b',':
            raise OSError('no netstring')
        yield text


def socketmap_answer(request, connection):
    key = request.split(b' ', 1)[1]
    return deliver(connection, key, SOCKETMAP.get(key, netstring(b'NOTFOUND ')), socketmap_right)


# memcache:

def memcache_right(value, key=b'k'):
    return b'VALUE %s 0 %d\r\n%s\r\nEND\r\n' % (key, len(value), value)


MEMCACHE = {b'nf': b'END\r\n', b'nflf': b'END\n', b'cas': b'VALUE k 0 1 77\r\nv\r\nEND\r\n', b'empty': memcache_right(b''), b'nul': memcache_right(b'a\0b'),
            b'd10240': memcache_right(b'x' * 10240), b'lineok': b'VALUE k 0 1 ' + b'x' * 800 + b'\r\nv\r\nEND\r\n',
            b'twice': memcache_right(b'v') + b'END\r\n', b'nl': memcache_right(b'a\nb'),
            b'utf': memcache_right('ü'.encode()), b'junk': b'VALUE k 0 1x\r\nv\r\nEND\r\n', b'plus': b'VALUE k 0 +1\r\nv\r\nEND\r\n',
            b'spaces': b'VALUE  k  0  1\r\nv\r\nEND\r\n', b'flags': b'VALUE k x 1\r\nv\r\nEND\r\n', b'linelf': b'VALUE k 0 1\nv\r\nEND\r\n',
            b'error': b'ERROR\r\n', b'cerror': b'CLIENT_ERROR bad\r\n', b'serror': b'SERVER_ERROR oom\r\n', b'blank': b'\r\n',
            b'lf': b'VALUE k 0 1\nv\nEND\n', b'short': b'VALUE k 0 1\r\nvv\r\nEND\r\n', b'less': b'VALUE k 0 5\r\nvv\r\nEND\r\n',
            b'noflags': b'VALUE k 1\r\nv\r\nEND\r\n', b'neg': b'VALUE k 0 -1\r\nv\r\nEND\r\n', b'hello': b'hello\r\n',
            b'd10241': memcache_right(b'x' * 10241), b'line': b'VALUE k 0 1 ' + b'x' * 1100 + b'\r\nv\r\nEND\r\n',
            b'hex': b'VALUE k 0 0x1\r\nv\r\nEND\r\n', b'lower': b'value k 0 1\r\nv\r\nEND\r\n', b'endx': b'ENDX\r\n', b'endsp': b'END \r\n',
            b'nonum': b'VALUE k 0 x\r\nv\r\nEND\r\n', b'space': b' VALUE k 0 1\r\nv\r\nEND\r\n', b'vtab': b'VALUE\tk\t0\t1\r\nv\r\nEND\r\n'}


def memcache_requests(stream):
    for line in stream:
        if line.startswith(b'set '):
            line += stream.readline()
        yield line


def memcache_answer(request, connection):
    if request.startswith(b'set '):
        connection.sendall(b'STORED\r\n')
        return True
    asked = request[4:-2]
    key = asked.rsplit(b':', 1)[-1]

    def about_it(reply):
        """Headgate, not Postfix, refuses a reply about another key."""
        return reply.replace(b'k', asked, 1) if reply.lower().lstrip().startswith(b'value') else reply
    if key.startswith(b'none'):
        return deliver(connection, key, b'END\r\n', lambda value: about_it(memcache_right(value)))
    if key.startswith(b'bad'):
        return deliver(connection, key, b'ERROR\r\n', lambda value: about_it(memcache_right(value)))
    return deliver(connection, key, about_it(MEMCACHE.get(key, memcache_right(b'value'))), lambda value: about_it(memcache_right(value)))


class Comparison:
    def __init__(self, headgate, postmap, place):
        self.programs = [postmap], [headgate, 'map']
        self.place = place
        self.count, self.found, self.errors, self.different = 0, 0, 0, 0

    def complaints(self, text):
        """Without who says it, what errno happened to be, and repetitions."""
        lines = []
        for line in text.decode('latin-1').splitlines():
            line = re.sub(r'^(postmap|headgate): ', '', line)
            line = re.sub(r': query error: .*', ': query error', line)
            line = re.sub(r'(unexpected EOF) \(.*\)', r'\1', line)
            line = re.sub(r'(I/O error): .*', r'\1', line)
            # A reply that ends too early is one to Postfix's tcp: client, too long a one to its reader.
            line = re.sub(r'text longer than 4096|unexpected EOF|Connection reset by peer', 'EOF or too long', line)
            line = re.sub(r'EOF receiving memcache server reply|memcache server reply is longer than it says', 'bad data', line)
            line = re.sub(r'(lookup error): .*(Connection refused|No such file or directory)', r'\1: \2', line)
            if line not in lines:
                lines.append(line)
        return lines

    def run(self, program, spec, key, extra):
        words = program + list(extra) + ['-q', key, spec]
        p = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.place,
                           env={'PATH': os.environ.get('PATH', ''), 'MAIL_CONFIG': self.place})
        return p.returncode, p.stdout, self.complaints(p.stderr)

    def ask(self, make, spec, key, extra=(), same_complaints=True):
        """Each program has a server of its own, so that what it asked can be told apart."""
        answers = []
        for program in self.programs:
            server = make()
            text, where = spec(server)
            code, out, err = self.run(program, text, key, extra)
            err = [line.replace(where, 'SERVER') for line in err]
            asked = [request for i, request in enumerate(server.asked) if request not in server.asked[:i]]
            answers.append((code, out, err if same_complaints else bool(err), asked))
            server.socket.close()
        self.count += 1
        self.found += answers[0][0] == 0
        self.errors += bool(answers[0][2])
        if answers[0] != answers[1]:
            self.different += 1
            print('%r %r differ:\npostmap  %r\nheadgate %r' % (spec.__name__, key[:60], *answers), flush=True)


def main():
    postmap = shutil.which('postmap', path=os.environ.get('PATH', '') + ':/usr/sbin')
    if not postmap:
        print('postmap is not installed')
        return 77
    with tempfile.TemporaryDirectory() as place, concurrent.futures.ThreadPoolExecutor(24) as pool:
        with open(os.path.join(place, 'main.cf'), 'w') as f:
            f.write('compatibility_level = 3.7\nsmtputf8_enable = no\nmyhostname = h.example\n')
        with open(os.path.join(place, 'backup'), 'w') as f:
            f.write('none-k from backup\nbad-k from backup\n')
        compare = Comparison(os.path.abspath(sys.argv[1]), postmap, place)
        numbers = iter(range(1000000))
        lock = threading.Lock()

        def number():
            with lock:
                return next(numbers)

        def tcp():
            return Server(tcp_requests, tcp_answer)

        def socketmap():
            return Server(socketmap_requests, socketmap_answer)

        def memcached():
            return Server(memcache_requests, memcache_answer)

        def tcp_spec(server):
            return 'tcp:127.0.0.1:%d' % server.port, str(server.port)

        def socketmap_spec(server):
            return 'socketmap:inet:127.0.0.1:%d:nm' % server.port, str(server.port)

        def local():
            server = Server(socketmap_requests, socketmap_answer, os.path.join(place, 's%d' % number()))
            return server

        def local_spec(server):
            path = server.socket.getsockname()
            return 'socketmap:unix:%s:a name' % path, path

        def memcache_spec(**settings):
            def spec(server):
                path = os.path.join(place, 'mc%d.cf' % number())
                with open(path, 'w') as f:
                    if 'memcache' not in settings:
                        f.write('memcache = inet:127.0.0.1:%d\n' % server.port)
                    for name, value in settings.items():
                        f.write('%s = %s\n' % (name, value))
                return 'memcache:' + path, path
            spec.__name__ = 'memcache %r' % settings
            return spec

        jobs = []

        def ask(*arguments, **options):
            jobs.append(pool.submit(compare.ask, *arguments, **options))

        # What takes longest first: ten tries of tcp:.
        for key in AGAIN + list(TCP_AGAIN):
            ask(tcp, tcp_spec, key)
        for host in ('127.0.0.1:1', '127.0.0.1:nosuchservice', 'nosuch.invalid:25'):
            for name in ('tcp:%s', 'socketmap:inet:%s:n'):
                def fixed(server, text=name % host):
                    return text, text
                ask(tcp, fixed, b'k', same_complaints=host == '127.0.0.1:1')  # one line, Postfix needs two
        for key in COMMON + list(TCP):
            ask(tcp, tcp_spec, key)
        ask(tcp, tcp_spec, b'ABC', ['-f'])
        for key in COMMON + list(SOCKETMAP) + AGAIN:
            ask(socketmap, socketmap_spec, key)
        for key in (b'ok', b'nf', b'temp', b'close', b''):
            ask(local, local_spec, key)
        for key in COMMON + list(MEMCACHE) + AGAIN:
            ask(memcached, memcache_spec(), key)
        ask(memcached, memcache_spec(), b'ABC', ['-f'])
        for backup in ('texthash:%s/backup' % place, 'fail:x', 'static:B', 'texthash:/no/such', 'foo:bar', 'nocolon'):
            for key in (b'ok', b'none-k', b'bad-k', b'none-x', b'a b', b''):
                ask(memcached, memcache_spec(backup=backup), key)
        for format in ('p:%s', '%u', '%d', '%u-%d', '%1', '%2.%1', '%3', '%%', '%S', '%U', '%D', '%9', '%10', 'const'):
            for key in (b'user@Mail.Example.COM', b'user', b'@example.com', b'user@', b'a@b@c', b'"a b"@c.d', b'u@[1.2.3.4]', b'x.y.z',
                        b'a@b..c', b'a@.'):
                ask(memcached, memcache_spec(key_format=format), key)
        for format in ('a%', '%q', '%0', '%1%', 'x y', ''):
            ask(memcached, memcache_spec(key_format=format), b'a@b.c')
        for domain in ('k.example', 'K.example, x', '.k.example', '!k.example', '!k.example static:x', 'static:x', 'fail:x', 'inline:{k.example=1}',
                       '/no/such', 'texthash:/no/such'):
            for key in (b'a@k.example', b'a@sub.k.example', b'k.example', b'@k.example', b'a', b'a@K.Example', b'a@x'):
                ask(memcached, memcache_spec(domain=domain, backup='static:B'), key)
        for name, value in (('timeout', 'x'), ('timeout', '1s'), ('max_try', '0'), ('retry_pause', '0'), ('line_size_limit', '0'),
                            ('line_size_limit', '11'), ('line_size_limit', '14'), ('data_size_limit', '0'), ('data_size_limit', '4'),
                            ('data_size_limit', '5'), ('flags', 'x'), ('ttl', '-1'), ('foo', 'x'), ('memcache', 'foo:x'),
                            ('memcache', '127.0.0.1:1'), ('memcache', 'inet:127.0.0.1'), ('memcache', 'inet:'), ('memcache', ''),
                            ('memcache', 'inet:127.0.0.1:1'), ('memcache', 'unix:/no/such')):
            ask(memcached, memcache_spec(**{name: value}), b'k')
        for line in ('foo', '=x', '  a=b', 'a=\n# remark\n b = c'):
            def odd(server, line=line):
                path = os.path.join(place, 'odd%d.cf' % number())
                with open(path, 'w') as f:
                    f.write('memcache = inet:127.0.0.1:%d\n%s\n' % (server.port, line))
                return 'memcache:' + path, path
            if line != '  a=b':
                ask(memcached, odd, b'k')
        for text in ('tcp:[::1]', 'tcp:[::1', 'tcp:[::1]x', 'tcp:[::1]:', 'tcp:a b:25', 'tcp:1x', 'tcp:127.0.0.1:1x', 'tcp:.:25', 'tcp:-a:25',
                     'tcp:a..b:25', 'tcp:127.0.0.1:', 'tcp:inet:127.0.0.1:1', 'socketmap:unix:/x', 'socketmap:unix:', 'socketmap:inet:',
                     'socketmap:inet:127.0.0.1:n', 'socketmap:x', 'socketmap:foo:bar:baz', 'socketmap:inet:127.0.0.1::n', 'socketmap::x:n',
                     'socketmap:INET:127.0.0.1:1:n', 'socketmap::', 'socketmap:inet:127.0.0.1:1:a:b', 'socketmap:unix:/no/such:n',
                     'socketmap:local:/no/such:n', 'socketmap:unix:%s:n' % ('/x' * 100), 'memcache:/no/such'):
            def fixed(server, text=text):
                return text, 'nowhere'
            fixed.__name__ = text
            ask(tcp, fixed, b'k')
        for job in jobs:
            job.result()
    print('%d lookups, %d found, %d with complaints, %d differ' % (compare.count, compare.found, compare.errors, compare.different))
    return 1 if compare.different or not compare.found or not compare.errors else 0


if __name__ == '__main__':
    sys.exit(main())
