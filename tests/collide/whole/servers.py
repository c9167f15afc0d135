"""The two servers under comparison, private to this run: own configuration, queue, log and loopback ports.

    Postfix   one master for a whole round; each case has an smtpd, a cleanup and an smtp of its own (-o), whose log
              lines carry the case's name. Needs root, the user postfix and Debian's postfix-pcre.
    headgate  one process a case: its parameters stand in main.cf.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / 'e2e'))
import private_postfix  # noqa: E402
from headgate_server import free_ports  # noqa: E402
from private_postfix import DAEMONS, SERVICES, make_folders  # noqa: E402

PATIENCE = 60

# The same for both. The masks in outcome.py and these settings are the only places that know of deviations.
COMMON = {
    'compatibility_level': '3.6',
    'myhostname': 'mx.here.example',
    'mydomain': 'here.example',
    'myorigin': 'here.example',
    'mydestination': '',
    'local_recipient_maps': '',
    'mynetworks': '127.0.0.0/8',
    'inet_interfaces': '127.0.0.1',
    'inet_protocols': 'ipv4',
    'smtpd_relay_restrictions': 'permit_mynetworks, reject',
    'smtpd_recipient_restrictions': '',
    'smtpd_peername_lookup': 'no',
    'smtpd_client_connection_count_limit': '0',
    'smtpd_error_sleep_time': '0',
    'smtpd_hard_error_limit': '1000',
    'smtpd_junk_command_limit': '1000',
    'smtpd_forbid_bare_newline': 'no',  # compat.md, deviation 1
    'smtpd_forbid_bare_newline_exclusions': '',
    'smtpd_forbid_unauth_pipelining': 'no',  # compat.md, deviation 2
    'disable_dns_lookups': 'yes',
    'enable_long_queue_ids': 'yes',  # equally long in both, so that texts cut at 200 bytes are cut alike
    'queue_minfree': '0',
}
POSTFIX_ONLY = {
    'smtp_host_lookup': 'native',
    'alias_maps': '',
    'alias_database': '',
    'in_flow_delay': '0',
    'notify_classes': '',
    'smtp_connection_cache_on_demand': 'no',
    'smtpd_client_connection_rate_limit': '0',
    'command_directory': '/usr/sbin',
    'daemon_directory': DAEMONS,
    'shlib_directory': '/usr/lib/postfix',
    'meta_directory': '/etc/postfix',
    'mail_owner': 'postfix',
    'setgid_group': 'postdrop',
    'max_idle': '600',
    'max_use': '10000',
}


def why_not():
    """Why a private Postfix cannot run here, or None."""
    if private_postfix.why_not():
        return private_postfix.why_not()
    if not os.path.exists('/usr/lib/postfix/postfix-pcre.so'):
        return 'postfix-pcre is not installed'
    return None


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError('waited in vain for ' + what)
        time.sleep(0.01)


def expanded(text, tables, sink):
    for name, value in (('@DIR@', str(tables)), ('@SINK@', str(sink.port())), ('@SINK7@', str(sink.port('7bit')))):
        text = text.replace(name, value)
    return text


def write_tables(case, folder, sink, smtp):
    """`smtp` is the name of the case's own delivery service."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chmod(folder, 0o755)
    for name, text in case.tables.items():
        text = expanded(text.decode('latin-1'), folder, sink).replace('@SMTP@', smtp)
        (folder / name).write_bytes(text.encode('latin-1'))


def sink_kind(case):
    return '7bit' if case.params.get('#sink') == '7bit' else '8bit'


def real_params(case):
    return {name: value for name, value in case.params.items() if not name.startswith('#')}


class Postfix:
    """Cases are known by their place: case i has smtpd on ports[i], its log lines are those of "ci/…"."""

    def __init__(self, directory, cases, tables, sink):
        self.directory = pathlib.Path(directory)
        self.log_path = self.directory / 'log' / 'mail.log'
        self.spool = self.directory / 'spool'
        self.cases, self.tables, self.sink = cases, tables, sink
        make_folders(self.directory)
        for attempt in range(5):
            self.ports = free_ports(len(cases))
            self.write_configuration()
            if self.start():
                return
        raise RuntimeError('Postfix does not start:\n' + self.log())

    def write_configuration(self):
        own = {'queue_directory': self.spool, 'data_directory': self.directory / 'data', 'maillog_file': self.log_path,
               'maillog_file_prefixes': self.directory / 'log',
               'default_transport': 'smtp:[127.0.0.1]:%d' % self.sink.port()}
        hops = ['{ @c%02d.example = d%d:[127.0.0.1]:%d }' % (i, i, self.sink.port(sink_kind(case)))
                for i, case in enumerate(self.cases)]
        own['sender_dependent_default_transport_maps'] = 'inline:{ %s }' % ', '.join(hops)
        main = {**COMMON, **POSTFIX_ONLY, **own}
        master = SERVICES
        for i, case in enumerate(self.cases):
            options = {'smtpd': '', 'cleanup': '', 'smtp': ''}
            for name, value in real_params(case).items():
                main['c%d_%s' % (i, name)] = expanded(value, self.tables[i], self.sink).replace('@SMTP@', 'd%d' % i)
                for program in options:
                    options[program] += ' -o %s=$c%d_%s' % (name, i, name)
            names = ' -o syslog_name=c%d' % i
            master += '127.0.0.1:%d inet n - n - 10 smtpd%s -o cleanup_service_name=cleanup%d%s\n' % (
                self.ports[i], names, i, options['smtpd'])
            master += 'cleanup%d unix n - n - 0 cleanup%s%s\n' % (i, names, options['cleanup'])
            master += 'd%d unix - - n - - smtp%s%s\n' % (i, names, options['smtp'])
        with open(self.directory / 'etc' / 'main.cf', 'wb') as f:
            f.write(''.join('%s = %s\n' % item for item in main.items()).encode('latin-1'))
        (self.directory / 'etc' / 'master.cf').write_text(master)

    def start(self):
        self.etc = str(self.directory / 'etc')
        status = subprocess.run([DAEMONS + '/master', '-c', self.etc, '-w'], env={**os.environ, 'MAIL_CONFIG': self.etc},
                                stdin=subprocess.DEVNULL).returncode
        return status == 0

    def log(self):
        return self.log_path.read_bytes().decode('latin-1') if self.log_path.exists() else ''

    def settle(self):
        """All is delivered, deferred or held, and the log is complete: what was sent to postlogd before the marker
        stands before it."""
        busy = [self.spool / 'incoming', self.spool / 'active']
        until(lambda: not any(os.listdir(path) for path in busy), 'Postfix to deliver:\n' + self.log()[-2000:])
        subprocess.run(['/usr/sbin/postlog', '-c', self.etc, '-t', 'end', 'of the round'], check=True,
                       stderr=subprocess.DEVNULL)
        until(lambda: 'end[' in self.log(), 'the marker in the log')
        trouble = [line for line in self.log().split('\n') if ': fatal: ' in line or ': panic: ' in line]
        if trouble:
            raise RuntimeError('Postfix is in trouble:\n' + '\n'.join(trouble[:5]))

    def case_log(self, index):
        """(program, text) of each line of the case."""
        return log_lines(self.log(), 'c%d' % index)

    def general_log(self):
        return log_lines(self.log(), 'postfix')

    def held(self, index, queue_id):
        """What lies in the hold queue: (content, recipients, content filter), or None."""
        if not (self.spool / 'hold' / queue_id).exists():
            return None
        run = ['/usr/sbin/postcat', '-c', self.etc]
        content = subprocess.run(run + ['-bh', '-q', queue_id], capture_output=True).stdout
        envelope = subprocess.run(run + ['-e', '-q', queue_id], capture_output=True).stdout.decode('latin-1')
        lines = [line.split(': ', 1) for line in envelope.split('\n') if ': ' in line]
        recipients = sorted(value for name, value in lines if name == 'recipient')
        redirect = [value for name, value in lines if name == 'redirect_to'][-1:]
        if redirect:  # "this action overrides the FILTER action, and affects all recipients" (header_checks(5))
            return content, redirect, ''
        filters = [value for name, value in lines if name == 'content_filter']
        return content, recipients, filters[-1] if filters else ''

    def stop(self):
        try:
            pid = int((self.spool / 'pid' / 'master.pid').read_text())
        except (OSError, ValueError):
            return
        try:
            os.kill(pid, signal.SIGTERM)
            until(lambda: not os.path.exists('/proc/%d' % pid), 'Postfix to end')
        except ProcessLookupError:
            pass


class Headgate:
    def __init__(self, program, directory, case, tables, sink):
        self.directory = pathlib.Path(directory)
        self.spool = self.directory / 'spool'
        config = self.directory / 'config'
        config.mkdir(parents=True)
        main = {**COMMON, 'queue_directory': self.spool, 'mail_owner': '', 'maillog_file': self.directory / 'log',
                'relayhost': '[127.0.0.1]:%d' % sink.port(sink_kind(case))}
        for name, value in real_params(case).items():
            main[name] = expanded(value, tables, sink).replace('@SMTP@', 'smtp')
        (config / 'main.cf').write_bytes(''.join('%s = %s\n' % item for item in main.items()).encode('latin-1'))
        (config / 'master.cf').write_text('127.0.0.1:0 inet n - n - 20 smtpd\n')
        port_file = self.directory / 'port'
        self.errors = open(self.directory / 'stderr', 'w+b')
        self.process = subprocess.Popen([program, 'serve', '-c', str(config), '--port-file', str(port_file)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.errors)
        self.port_file = port_file

    def wait(self):
        def ready():
            if self.process.poll() is not None:
                raise RuntimeError('headgate ended: ' + self.error_text() + self.log())
            return self.port_file.exists() and self.port_file.read_text().split()
        until(ready, 'headgate to listen')
        self.port = int(self.port_file.read_text().split()[0].rsplit(':', 1)[1])

    def error_text(self):
        self.errors.seek(0)
        return self.errors.read().decode('latin-1')

    def log(self):
        path = self.directory / 'log'
        return path.read_bytes().decode('latin-1') if path.exists() else ''

    def settle(self):
        busy = [self.spool / 'incoming', self.spool / 'active']
        until(lambda: not any(os.listdir(path) for path in busy),
              'headgate to deliver:\n' + self.log()[-2000:])

    def case_log(self):
        return log_lines(self.log(), 'postfix')

    def held(self, queue_id):
        path = self.spool / 'hold' / queue_id
        if not path.exists():
            return None
        data, at = path.read_bytes(), 16
        content, recipients, names = b'', [], {}
        while at < len(data):
            length, kind = int.from_bytes(data[at + 4:at + 8], 'little'), data[at + 8:at + 9]
            payload = data[at + 9:at + 9 + length]
            if kind == b'C':
                content += payload
            elif kind == b'A':
                size = int.from_bytes(payload[:4], 'little')
                names[payload[4:4 + size].decode()] = payload[4 + size:].decode('latin-1')
            elif kind == b'R':
                size = int.from_bytes(payload[1:5], 'little')
                recipients.append(payload[5:5 + size].decode('latin-1'))
            at += 9 + length
        return content, sorted(recipients), names.get('content_filter', '')

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.errors.close()
        return self.process.returncode


def log_lines(log, name):
    """(program, text) of the lines of `name`/PROGRAM[NUMBER]; the number in brackets is compat.md's deviation 8."""
    found = []
    for line in log.split('\n'):
        head, colon, text = line[16:].partition(': ')
        tag = head.partition(' ')[2]
        if colon and tag.startswith(name + '/'):
            found.append((tag[len(name) + 1:].partition('[')[0], text))
    return found


def remove(directory):
    shutil.rmtree(directory, ignore_errors=True)
