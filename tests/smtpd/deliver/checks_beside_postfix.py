#!/usr/bin/env python3
"""checks_beside_postfix.py HEADGATE: smtp_header_checks and their kin, in headgate and in a private Postfix beside it.

Both get the same tables and messages and deliver to the same kind of sink. What arrives there (but for Received:) and
what smtp logs must be equal. Exit 77 where Postfix cannot run: not installed, or not started as root."""
import difflib
import os
import pathlib
import re
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / 'e2e'))
from headgate_server import Server, until  # noqa: E402


class Sink:
    """An SMTP server that keeps what it gets; `offers` are the EHLO keywords."""

    def __init__(self, offers):
        self.offers = offers
        self.got = []  # (MAIL command, content)
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        stream = connection.makefile('rwb')

        def say(text):
            stream.write(text + b'\r\n')
            stream.flush()

        say(b'220 sink')
        mail = None
        for line in stream:
            word = line[:4].upper()
            if word == b'EHLO':
                say(b''.join(b'250-%s\r\n' % offer for offer in [b'sink', *self.offers]) + b'250 HELP')
            elif word == b'DATA':
                say(b'354 go on')
                content = b''
                for line in stream:
                    if line == b'.\r\n':
                        break
                    content += line[1:] if line.startswith(b'.') else line
                else:
                    return
                self.got.append((mail, content))
                say(b'250 2.0.0 taken')
            elif word == b'QUIT':
                say(b'221 bye')
                return
            else:
                if word == b'MAIL':
                    mail = re.sub(rb' SIZE=\d+', b'', line.strip())
                say(b'250 2.0.0 fine')

    def close(self):
        self.listener.close()


MAIN = """compatibility_level = 3.7
myhostname = mx.here.example
mydomain = here.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_forbid_bare_newline = no
default_transport = smtp:[127.0.0.1]:%(sink)d
disable_dns_lookups = yes
minimal_backoff_time = 1000s
maximal_backoff_time = 4000s
"""

PRIVATE = """queue_directory = %(dir)s/spool
data_directory = %(dir)s/data
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
command_directory = /usr/sbin
sendmail_path = /usr/sbin/sendmail
meta_directory = /etc/postfix
setgid_group = postdrop
mail_owner = postfix
maillog_file = %(dir)s/log/mail.log
maillog_file_prefixes = %(dir)s/log
alias_maps =
alias_database =
smtp_host_lookup = native
notify_classes =
"""

SERVICES = """127.0.0.1:%(port)d inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as s:
        return s.getsockname()[1]


class Postfix:
    def __init__(self, main, files):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='postfix-beside-'))
        self.directory.chmod(0o755)
        self.config = self.directory / 'etc'
        for name in ('etc', 'spool', 'data', 'log'):
            (self.directory / name).mkdir()
        shutil.chown(self.directory / 'data', 'postfix')
        self.port, self.host = free_port(), '127.0.0.1'
        (self.config / 'main.cf').write_text(main + PRIVATE % {'dir': self.directory})
        (self.config / 'master.cf').write_text(SERVICES % {'port': self.port})
        for name, text in files.items():
            (self.config / name).write_bytes(text)
        self.control('start')
        until(self.listens, 'Postfix to listen')

    def listens(self):
        try:
            socket.create_connection((self.host, self.port), 5).close()
            return True
        except OSError:
            return False

    def control(self, word):
        return subprocess.run(['postfix', '-c', str(self.config), word], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=word == 'start')

    def log(self):
        path = self.directory / 'log' / 'mail.log'
        return path.read_text(errors='replace') if path.exists() else ''

    def stop(self):
        self.control('abort')
        until(lambda: self.control('status').returncode, 'Postfix to stop')
        shutil.rmtree(self.directory, ignore_errors=True)


class Headgate(Server):
    def __init__(self, main, files):
        super().__init__(main='', master='127.0.0.1:0 inet n - n - 20 smtpd\n', start=False)
        self.write('main.cf', main + 'mail_owner =\nqueue_directory = %s/spool\nmaillog_file = %s/log\n' % (self.directory, self.directory))
        for name, text in files.items():
            (self.config / name).write_bytes(text)
        self.start()

    def stop(self):
        super().stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def smtp_lines(log, config):
    """What postfix/smtp said, without times, process numbers, queue ids, delays and ports."""
    lines = []
    for line in log.split('\n'):
        found = re.match(r'.*? postfix/(?:smtp|error)\[\d+\]: (.*)', line)
        if found and 'connect to' not in line:
            text = found[1].replace(str(config), 'CONFIG')
            text = re.sub(r'\b[0-9A-F]{8,16}: ', 'QID: ', text, 1)
            text = re.sub(r'delay=[^,]*, delays=[^,]*', 'delay=D', text)
            text = re.sub(r'\b\d{14}\.[0-9A-F]{8,16}@', 'TIME.QID@', text)
            text = re.sub(r'header Date: [^:]*:..:.. [+0-9]*( \([A-Z]+\))?', 'header Date: D', text)
            text = re.sub(r'ESMTP id [0-9A-F]*(\?\?for .*;) .*"', r'ESMTP id QID\1 D"', text)
            text = text.replace('by mx.here.example (headgate)', 'by mx.here.example (Postfix)')
            text = text[:1900]  # syslog's limit, which Postfix keeps
            lines.append(re.sub(r'127\.0\.0\.1\]:\d+', '127.0.0.1]:PORT', text))
    return lines


def masked(content):
    """Without the Received: header of the server, and without the time and queue id in headers that it added. A header
    that PREPEND made of a folded one leaves Postfix with bare newlines, headgate with CRLF (docs/compat.md)."""
    content = re.sub(rb'(?m)^Received: from .*\r\n(?:[ \t].*\r\n)*', b'', content, 1)
    content = re.sub(rb'\b\d{14}\.[0-9A-F]{8,16}@', b'TIME.QID@', content)
    content = re.sub(rb'(?m)^Date: .*\r\n', b'Date: D\r\n', content)
    return re.sub(rb'(?<!\r)\n', b'\r\n', content)


def run(server_type, main, files, offers, messages):
    """Per message: what arrived at the sink (None: nothing), and what smtp logged."""
    sink = Sink(offers)
    server = server_type(MAIN % {'sink': sink.port} + main, files)
    results = []
    try:
        for message in messages:
            arrived, before = len(sink.got), len(server.log()) if results else 0
            with smtplib.SMTP(server.host, server.port, local_hostname='client.example', timeout=30) as client:
                client.ehlo()
                client.docmd('MAIL FROM:<a@client.example> BODY=8BITMIME')
                client.docmd('RCPT TO:<b@there.example>')
                code, text = client.data(message)
            if code != 250:
                raise AssertionError('%s refused a message: %d %r' % (server_type.__name__, code, text))
            until(lambda: re.search(r'status=\w+ \(.*\)', server.log()[before:]), 'the outcome of a delivery')
            got = sink.got[arrived:]
            results.append(([(mail, masked(content)) for mail, content in got],
                            smtp_lines(server.log()[before:], server.config)))
    finally:
        server.stop()
        sink.close()
    return results


ALL = (b'PIPELINING', b'8BITMIME', b'SMTPUTF8', b'SIZE')

LISTS = """smtp_header_checks = pcre:$config_directory/header
smtp_mime_header_checks = pcre:$config_directory/mime
smtp_nested_header_checks = pcre:$config_directory/nested
smtp_body_checks = pcre:$config_directory/body
"""

ACTIONS = rb"""
/^X-Warn: (.*)/ WARN [$1]
/^X-Quiet/ WARN
/^X-Info:/ info  text  with  blanks
/^X-Ignore:/ IGNORE because
/^X-Strip:/ STRIP out
/^X-Prepend: (.*)/ PREPEND X-Before: $1
/^X-Prepend2/ PREPEND no header
/^X-Prepend3/ PREPEND
/^X-Replace: (.*)/ REPLACE X-Replaced: <$1>
/^X-Replace2/ REPLACE no header
/^X-Replace3/ REPLACE
/^X-Dunno/ DUNNO
/^X-Ok/ OK x
/^X-(Reject|Discard|Hold|Filter|Redirect|Bcc|Pass|Delay|What)/ $1 5.7.1 smtp:x@y
/^(Message-Id|Date|From|Received):/ IGNORE
/^Content-(Type|Language)/ INFO header list
"""

BODY = rb"""
/^warn (.*)/ WARN $1
/^ignore/ IGNORE
/^strip/ STRIP
/^prepend/ PREPEND before it
/^replace (.*)/ REPLACE .$1
/^reject/ REJECT no
/^prependempty/ PREPEND
/^(\.)/ INFO dot $1
/^--/ INFO delimiter
/^$/ WARN never
/^k{60}/ WARN long
/late/ WARN late
"""

FILES = {'header': ACTIONS, 'mime': rb'/^(X-M|Content-[A-Z])/ WARN mime' + b'\n/^X-Drop/ IGNORE\n/^X-Put/ PREPEND X-P: 1\n',
         'nested': rb'/./ WARN nested' + b'\n', 'body': BODY}

NAMES = ['Warn', 'Quiet', 'Info', 'Ignore', 'Strip', 'Prepend', 'Prepend2', 'Prepend3', 'Replace', 'Replace2', 'Replace3',
         'Dunno', 'Ok', 'Reject', 'Discard', 'Hold', 'Filter', 'Redirect', 'Bcc', 'Pass', 'Delay', 'What']

MESSAGES = [
    b''.join(b'X-%s: a b\r\n' % n.encode() for n in NAMES) + b'Subject: actions\r\n\r\nbody\r\n',
    b''.join(b'X-%s: a\r\n\tfolded  \r\n   twice\r\n' % n.encode() for n in NAMES) + b'Subject: folded\r\n\r\nbody\r\n',
    b'Subject: body\r\n\r\nwarn x y\r\nignore\r\nstrip\r\nprepend\r\nreplace yes\r\nreject\r\n.dot\r\n..\r\nprependempty\r\n\r\nx\r\n',
    b'Subject: no body\r\n',
    b'Subject: empty body\r\n\r\n',
    b'just text\r\nwarn this\r\n',
    b'Subject: garbage ends it\r\nwarn not a header\r\nX-Warn: no\r\n',
    b'Subject: late\r\n\r\n' + b'x' * 70 + b'\r\n' * 2000 + b'too late? never\r\n',
    b'X-Warn: ' + b'long ' * 60 + b'\r\nSubject: cut at sixty\r\n\r\n' + b'k' * 100 + b'\r\n',
    b'X-Warn: caf\xc3\xa9 \xff \x01\r\nSubject: eight bits\r\n\r\nwarn \xc3\xa9 \xff\x02\r\n',
    b'Content-Type: multipart/mixed; boundary=b\r\nContent-Language: de\r\nX-M: header\r\n\r\nwarn preamble\r\n--b\r\nX-M: part\r\n'
    b'X-Drop: part\r\nX-Put: part\r\nContent-Type: message/rfc822\r\n\r\nX-M: nested\r\nContent-Type: text/plain\r\n\r\nwarn nested\r\n'
    b'--b\r\n\r\nwarn second\r\n--b--\r\nwarn epilogue\r\n',
    b'Subject: long lines\r\nX-Warn: ' + b'y' * 5000 + b'\r\n\r\nwarn ' + b'z' * 3000 + b'\r\n' + b'q' * 2048 + b'\r\nwarn end\r\n'
    + b'replace ' + b'r' * 5000 + b'\r\nprepend' + b'p' * 2500 + b'\r\nignore' + b'i' * 2500 + b'\r\n',
    b'X-Warn: nul \0 here\r\n\r\nwarn nul \0 there\r\n',
    b'X-Ignore: the only header\r\n\r\nbody\r\n',
    b'X-Replace: \r\nX-Prepend: \r\n\r\nreplace \r\nno newline at the end',
    b'X-Warn : blanks before the colon\r\nX-Ignore\t : y\r\nX-Quiet:\r\n\r\nx\r\n',
    b'Subject: header again\r\n\r\nX-Warn: in the body\r\n',
]

RUNS = [
    ('actions', LISTS, FILES, ALL, MESSAGES),
    ('header list only', 'smtp_header_checks = regexp:$config_directory/h\n', {'h': b'/./ WARN h\n'}, ALL, MESSAGES[:11]),
    ('mime off', LISTS + 'disable_mime_output_conversion = yes\n', FILES, ALL, MESSAGES[10:11]),
    ('two tables', 'smtp_header_checks = regexp:{ {/^X-Warn/ DUNNO} }, pcre:$config_directory/header\n', FILES, ALL, MESSAGES[:1]),
    ('no such table', 'smtp_header_checks = pcre:$config_directory/missing\n', {}, ALL, MESSAGES[2:4]),
    ('empty value', 'smtp_header_checks = pcre:$config_directory/h\n', {'h': b'/^Subject/\n'}, ALL, MESSAGES[2:4]),
    ('empty value in a body', 'smtp_body_checks = static:{}\n', {}, ALL, MESSAGES[2:4]),
    ('fixed strings', 'smtp_header_checks = texthash:$config_directory/h\n',
     {'h': b'"Subject: long lines" x\nSubject: WARN x\nX-Warn:a INFO y\nx-warn:a WARN z\n'}, ALL,
     [b'Subject:\r\nX-Warn:a\r\nx-Warn:a\r\n\r\nx\r\n']),
]


def show(what, theirs, ours):
    for line in list(difflib.unified_diff(theirs, ours, 'Postfix ' + what, 'headgate ' + what, n=0, lineterm=''))[:20]:
        print('  ' + (line if len(line) < 300 else '%s ... (%d bytes)' % (line[:300], len(line))))


def main():
    os.environ['PATH'] = os.environ.get('PATH', '') + ':/usr/sbin'
    os.environ['HEADGATE'] = os.path.abspath(sys.argv[1])
    if os.geteuid() != 0 or not shutil.which('postfix') or not os.path.exists('/usr/lib/postfix/sbin/smtp'):
        print('skipped: Postfix is not installed, or this is not root')
        return 77
    failures = compared = 0
    only = sys.argv[2:]
    for name, main_cf, files, offers, messages in RUNS:
        if only and name not in only:
            continue
        theirs = run(Postfix, main_cf, files, offers, messages)
        if only:
            for got, lines in theirs:
                print(*got, *lines, sep='\n')
        ours = run(Headgate, main_cf, files, offers, messages)
        for i, (a, b) in enumerate(zip(theirs, ours)):
            compared += 1
            if a == b:
                continue
            failures += 1
            print('%s, message %d:' % (name, i))
            show('delivered', *([repr(line) for mail, content in side for line in (mail, *content.split(b'\r\n'))]
                                for side in (a[0], b[0])))
            show('logged', a[1], b[1])
    print('%d messages through both servers, %d differ' % (compared, failures))
    return 1 if failures or not compared else 0


if __name__ == '__main__':
    sys.exit(main())
