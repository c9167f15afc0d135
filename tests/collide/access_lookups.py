#!/usr/bin/env python3
"""access(5) lookups by the thousand: random access tables and random clients, HELO names, senders, recipients and ETRN domains,
asked of headgate and of a private Postfix through SMTP. Only smtpd knows which keys are asked for and in which order, so the
decisions are compared: each entry has a reply text of its own.

  access_lookups.py --headgate PATH [--lookups N] [--seed N]

Of the types that both have, texthash: by default, --types names others (cdb: is built by postmap). Exit 0 all equal, 1 some
differ, 77 cannot run here (said on standard error)."""
import argparse
import collections
import ipaddress
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / 'e2e'))
import private_postfix  # noqa: E402
from headgate_server import with_several  # noqa: E402

PATIENCE = 120
SERVICES = 10  # of a round, each with tables of its own
BATCH = 100  # questions that are sent at once

COMMON = {
    'smtpd_authorized_xclient_hosts': '0.0.0.0/0 [::]/0', 'smtpd_authorized_xforward_hosts': '', 'smtpd_error_sleep_time': '0',
    'smtpd_hard_error_limit': '1000000000', 'smtpd_soft_error_limit': '1000000000', 'smtpd_junk_command_limit': '1000000000',
    'smtpd_relay_restrictions': 'reject_unauth_destination', 'smtpd_relay_before_recipient_restrictions': 'no',
    'disable_vrfy_command': 'no', 'smtpd_client_connection_count_limit': '0', 'smtpd_forbid_unauth_pipelining': 'no',
    'local_recipient_maps': '', 'virtual_mailbox_maps': '', 'smtpd_forbid_bare_newline_exclusions': '', 'smtpd_timeout': '600s',
    'always_add_missing_headers': 'no', 'local_header_rewrite_clients': '',
}
# Postfix's trivial-rewrite(8) reads main.cf alone.
MAIN = {'inet_protocols': 'all', 'relay_domains': '', 'myorigin': 'here.example', 'mydestination': 'here.example, a.b, 1.example'}
LABELS = ['a', 'b', 'c', 'A', 'B', 'mail', 'example', 'com', 'x1', '1', '2', '192', 'host-9', 'sub', 'in-addr']
USERS = ['u', 'v', 'U', 'user', 'a.b', 'owner-l', 'l-request', 'postmaster', 'mailer-daemon', 'x', '1', "o'neil", 'q q', 'r\\r', 'at@at',
         'pct%b', 'bang!x', 'c,d', 'é']
DELIMITERS = ['', '', '+', '+', '-', '+-', '_=']


def some(rng, values, most):
    return [rng.choice(values) for _ in range(rng.randrange(1, most + 1))]


def name(rng):
    text = '.'.join(some(rng, LABELS, 4))
    return rng.choice([text] * 12 + [text + '.', '.' + text, text.replace('.', '..'), '[%s]' % ipv4(rng), ipv4(rng), ipv6(rng), 'unknown', text.upper()])


def ipv4(rng):
    return '.'.join(str(rng.choice([1, 2, 10, 127, 192, 198, 203] + [0, 255] * (place > 0))) for place in range(4))


def ipv6(rng):
    groups = [rng.choice(['0', '0', '0', '1', '2', 'db8', 'ffff', '10']) for _ in range(7)]
    return str(ipaddress.IPv6Address(':'.join([rng.choice(['2001', 'fe80', '2001', '1'])] + groups)))


def user(rng):
    text = rng.choice(USERS)
    if rng.random() < .4 and not set(text) & set('%!'):
        text += rng.choice('+-_=+-.') + rng.choice(['e', 'f', 'e+f', 'E', 'e f', ''])
    return ('+' + text) if rng.random() < .03 else text


def quoted(text):
    """A local part as SMTP has it."""
    plain = all(c.isalnum() or c in "!#$%&'*+-/=?^_`{|}~." or ord(c) > 127 for c in text)
    good = plain and text and not text.startswith('.') and not text.endswith('.') and '..' not in text
    return text if good else '"%s"' % text.replace('\\', '\\\\').replace('"', '\\"')


def address(rng):
    """The internal form."""
    domain = rng.choice([name(rng).strip('.').replace('..', '.'), 'here.example', 'a.b', '[%s]' % ipv4(rng), ''])
    return user(rng) + ('@' + domain if domain else '')


def external(rng, text):
    local, at, domain = text.rpartition('@')
    if not at:
        return quoted(domain)
    return quoted(local) + '@' + domain + ('.' if domain and domain[-1] != ']' and rng.random() < .03 else '')


class Subjects:
    """What the questions of one service are about: few enough that tables meet them."""

    def __init__(self, rng):
        self.names = [name(rng) for _ in range(12)]
        self.addresses = [ipv4(rng) for _ in range(6)] + [ipv6(rng) for _ in range(4)]
        self.mails = [address(rng) for _ in range(14)]

    def name(self, rng):
        return rng.choice(self.names) if rng.random() < .7 else name(rng)

    def host(self, rng):
        return rng.choice(self.addresses) if rng.random() < .7 else rng.choice([ipv4, ipv6])(rng)

    def mail(self, rng):
        return rng.choice(self.mails) if rng.random() < .7 else address(rng)


def key(rng, subjects, kind):
    """One that may be asked for, in one form or another."""
    if kind in ('sender', 'recipient'):
        mail = subjects.mail(rng)
        local, _, domain = mail.rpartition('@')
        local = local or mail
        if rng.random() < .3:
            local = local.split(rng.choice('+-_='))[0]
        form = rng.randrange(6)
        if form == 0:
            text = rng.choice([quoted(local), local]) + '@'
        elif form < 4:
            text = rng.choice([quoted(local), local]) + '@' + (domain or 'here.example')
        else:
            text = key(rng, subjects, 'helo') if form == 5 else domain or 'here.example'
        return '<>' if rng.random() < .06 else text
    if kind in ('client', 'reverse') and rng.random() < .5:
        host = subjects.host(rng)
        separator = ':' if ':' in host else '.'
        for _ in range(rng.randrange(4)):
            host = host.rpartition(separator)[0] or host
        return host
    text = subjects.name(rng)
    for _ in range(rng.randrange(3)):
        text = text.partition('.')[2] or text
    return '.' + text if rng.random() < .3 else text


def value(rng, number):
    """Mostly one that tells the entry."""
    return rng.choice(['%d%02d k%d' % (rng.choice([4, 5]), rng.randrange(22, 99), number)] * 6 + [
        'REJECT k%d' % number, '550 5.%d.%d k%d' % (rng.randrange(3), rng.randrange(9), number), 'DEFER k%d' % number, 'DUNNO', 'OK', '12',
        'DEFER_IF_PERMIT k%d' % number, 'DEFER_IF_REJECT k%d' % number, 'reject_unauth_destination, defer', 'permit', 'INFO k%d' % number, 'nonsense'])


def plain_table(rng, subjects, kind):
    entries = {}
    for number in range(rng.randrange(3, 40)):
        entries.setdefault(key(rng, subjects, kind).lower(), value(rng, number))
    return ''.join('%s\t%s\n' % item for item in entries.items() if item[0] and not any(c in item[0] for c in ' \t#\\"') or item[0].startswith('"'))


def pattern_table(rng, subjects, kind):
    lines = []
    for number in range(rng.randrange(1, 6)):
        text = key(rng, subjects, kind)
        cut = ''.join(c if c.isalnum() else '.' for c in text[:rng.randrange(1, 8)])
        lines.append('/%s%s%s/%s %s' % (rng.choice(['^', '', '']), cut, rng.choice(['$', '', '']), rng.choice(['', 'i']), value(rng, number)))
    return '\n'.join(lines) + '\n'


def network_table(rng, subjects):
    lines = []
    for number in range(rng.randrange(1, 6)):
        network = ipaddress.ip_interface(subjects.host(rng) + '/%d' % rng.randrange(33)).network
        lines.append('%s%s %s' % (rng.choice(['', '', '!']), network, value(rng, number)))
    return '\n'.join(lines) + '\n'


def valid(name):
    """As a host name in XCLIENT must be: a command that is half wrong does half its work in Postfix."""
    name = '.'.join(label for label in name.strip('[]').replace(':', '.').split('.') if label)
    return name if name.strip('0123456789.') else 'n' + name


TRANSACTION = 'MAIL FROM:<%s>\nRCPT TO:<x@here.example>\nRSET\n'
KINDS = {'client': 'client', 'reverse': 'reverse_client_hostname', 'helo': 'helo', 'sender': 'sender', 'recipient': 'recipient', 'etrn': 'etrn'}
LISTS = {'client': 'client', 'reverse': 'client', 'helo': 'helo', 'sender': 'sender', 'recipient': 'recipient', 'etrn': 'etrn'}


class Service:
    """One smtpd: its settings, its tables, and the questions."""

    def __init__(self, rng, folder, types, count):
        self.kind = rng.choice(list(KINDS))
        self.subjects = Subjects(rng)
        folder.mkdir()
        folder.chmod(0o755)
        tables = []
        for number in range(rng.choice([1, 1, 1, 2, 3])):
            of = rng.choice(types * 3 + ['pcre', 'regexp'] + ['cidr'] * (self.kind in ('client', 'reverse')))
            path = folder / ('%s%d' % (of, number))
            text = (pattern_table(rng, self.subjects, self.kind) if of in ('pcre', 'regexp') else
                    network_table(rng, self.subjects) if of == 'cidr' else plain_table(rng, self.subjects, self.kind))
            path.write_text(text)
            if of in ('cdb', 'lmdb', 'hash', 'btree'):
                subprocess.run(['/usr/sbin/postmap', '-c', str(folder.parent), '%s:%s' % (of, path)], check=True)
            tables.append('%scheck_%s_access %s:%s' % (rng.choice([''] * 8 + ['warn_if_reject ']), KINDS[self.kind], of, path))
        self.settings = {'recipient_delimiter': rng.choice(DELIMITERS), 'parent_domain_matches_subdomains': rng.choice(['smtpd_access_maps', 'relay_domains', '']),
                         'smtpd_%s_restrictions' % LISTS[self.kind]: ', '.join(tables + [rng.choice(['reject', 'reject', 'permit'])])}
        if rng.random() < .2:
            self.settings['smtpd_null_access_lookup_key'] = key(rng, self.subjects, 'sender').replace('$', '')
        if rng.random() < .1:
            self.settings['owner_request_special'] = 'no'
        self.questions = [self.question(rng) for _ in range(count)]

    def question(self, rng):
        if self.kind in ('client', 'reverse'):
            host = self.subjects.host(rng)
            host = 'IPV6:' + host if ':' in host else host
            return 'XCLIENT ADDR=%s NAME=%s REVERSE_NAME=%s\nHELO c\n%s' % (
                host, rng.choice([valid(self.subjects.name(rng)), '[UNAVAILABLE]']), valid(self.subjects.name(rng)), TRANSACTION % 'a@b.example')
        if self.kind == 'helo':
            return 'HELO %s\n%s' % (self.subjects.name(rng), TRANSACTION % 'a@b.example')
        if self.kind == 'etrn':
            return 'ETRN %s\n' % self.subjects.name(rng)
        mail = external(rng, self.subjects.mail(rng))
        if self.kind == 'sender':
            return TRANSACTION % ('' if rng.random() < .1 else mail)
        return 'VRFY <%s>\n' % mail

    def replies(self, port):
        """For each question, what the server said."""
        said = []
        with socket.create_connection(('127.0.0.1', port), timeout=PATIENCE) as connection:
            file = connection.makefile('rb')
            self.reply(file)
            connection.sendall(b'HELO c\r\n')
            self.reply(file)
            for start in range(0, len(self.questions), BATCH):
                batch = self.questions[start:start + BATCH]
                sender = threading.Thread(target=connection.sendall, args=(''.join(batch).replace('\n', '\r\n').encode(),))
                sender.start()
                said += [[self.reply(file) for _ in range(question.count('\n'))] for question in batch]
                sender.join()
        return said

    @staticmethod
    def reply(file):
        lines = []
        while not lines or lines[-1][3:4] == '-':
            line = file.readline().decode(errors='replace')
            if not line:
                raise RuntimeError('the connection was closed after %r' % lines)
            lines.append(line.rstrip('\r\n'))
        return '\n'.join(lines)


def ask(ports, services):
    answers = [None] * len(services)

    def run(i):
        answers[i] = services[i].replies(ports[i])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(services))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


class Report:
    def __init__(self):
        self.counts, self.shown = collections.Counter(), 0

    def add(self, service, theirs, ours, where):
        if theirs is None or ours is None:
            raise RuntimeError('%s: a server gave up: %r' % (where, service.settings))
        for question, a, b in zip(service.questions, theirs, ours):
            self.counts['lookups'] += 1
            self.counts[service.kind] += 1
            decision = ' '.join(a)
            self.counts['found'] += ': k' in decision or ' k' in decision
            if a == b:
                continue
            if set(question) & set('%!@"') and any('address syntax' in reply for reply in a):
                self.counts['refused'] += 1  # a route through our domain to none: refused at once, here not (compat.md, deviation 37)
                continue
            self.counts['differ'] += 1
            self.shown += 1
            if self.shown <= 20:
                print('%s: %r\n  %r\n  Postfix  %r\n  headgate %r' % (where, service.settings, question, a, b), flush=True)

    def text(self):
        kinds = ', '.join('%s %d' % (kind, self.counts[kind]) for kind in KINDS)
        return '%d lookups (%s), %d told an entry, %d no addresses, %d differ' % (
            self.counts['lookups'], kinds, self.counts['found'], self.counts['refused'], self.counts['differ'])


def round_of(rng, folder, options, count):
    folder.mkdir()
    folder.chmod(0o755)
    (folder / 'main.cf').write_text('compatibility_level = 3.6\n')
    services = [Service(rng, folder / str(i), options.types.split(','), count) for i in range(SERVICES)]
    settings = [{**COMMON, **service.settings} for service in services]
    os.environ['HEADGATE'] = options.headgate
    server, ports = with_several(settings, ''.join('%s = %s\n' % item for item in MAIN.items()))
    with server, private_postfix.PrivatePostfix(MAIN, settings) as postfix:
        return services, ask(postfix.ports, services), ask(ports, services)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--headgate', required=True)
    parser.add_argument('--lookups', type=int, default=6000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--types', default='texthash')
    options = parser.parse_args()
    options.headgate = os.path.abspath(options.headgate)
    if private_postfix.why_not():
        print('SKIP: ' + private_postfix.why_not(), file=sys.stderr)
        return 77
    report, seed = Report(), options.seed
    place = pathlib.Path(tempfile.mkdtemp(prefix='headgate-access-'))
    place.chmod(0o755)
    try:
        while report.counts['lookups'] < options.lookups:
            left = options.lookups - report.counts['lookups']
            count = min(2000, -(-left // SERVICES))
            for service, theirs, ours in zip(*round_of(random.Random(seed), place / str(seed), options, count)):
                report.add(service, theirs, ours, 'seed %d' % seed)
            shutil.rmtree(place / str(seed))
            seed += 1
            print(report.text(), flush=True)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return 1 if report.counts['differ'] or not report.counts['found'] else 0


if __name__ == '__main__':
    sys.exit(main())
