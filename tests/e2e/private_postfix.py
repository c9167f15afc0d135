"""A private Postfix for a test: its own configuration, queue, log and loopback ports, stopped by its pid.

    with PrivatePostfix(main={"relayhost": "[127.0.0.1]:2525"}, smtpd=[{"soft_bounce": "yes"}]) as postfix:
        postfix.ports[0]      # of the first smtpd, whose -o settings are those of the list

Needs root and Debian's postfix; why_not() says what is missing.
"""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from headgate_server import free_ports, smtpd_entry, until

DAEMONS = "/usr/lib/postfix/sbin"
QUEUES = "active bounce corrupt defer deferred flush hold incoming maildrop saved trace private public"
MAIN = {
    "compatibility_level": "3.6", "myhostname": "mx.here.example", "mydomain": "here.example", "myorigin": "here.example",
    "mydestination": "here.example", "local_recipient_maps": "", "mynetworks": "127.0.0.0/8", "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4", "smtpd_peername_lookup": "no", "disable_dns_lookups": "yes", "smtp_host_lookup": "native",
    "alias_maps": "", "alias_database": "", "in_flow_delay": "0", "notify_classes": "", "biff": "no",
    "smtpd_forbid_bare_newline": "normalize", "smtpd_forbid_unauth_pipelining": "yes",
    "local_transport": "discard:", "default_transport": "discard:", "relay_transport": "discard:",
    "command_directory": "/usr/sbin", "daemon_directory": DAEMONS, "shlib_directory": "/usr/lib/postfix",
    "meta_directory": "/etc/postfix", "mail_owner": "postfix", "setgid_group": "postdrop",
}
SERVICES = """qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
"""


def why_not():
    if not os.path.exists(DAEMONS + "/master"):
        return "Postfix is not installed (./dev setup test installs it)"
    if os.geteuid() != 0:
        return "only root can start a private Postfix"
    try:
        pwd.getpwnam("postfix")
    except KeyError:
        return "there is no user postfix"
    return None


def make_folders(directory):
    """etc, log, data and spool, as master(8) wants them."""
    for name in ("etc", "log", "spool/pid", "data"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    owner = pwd.getpwnam("postfix")
    os.chown(directory / "data", owner.pw_uid, owner.pw_gid)
    for name in QUEUES.split():
        queue = directory / "spool" / name
        queue.mkdir()
        os.chown(queue, owner.pw_uid, owner.pw_gid)
        os.chmod(queue, 0o710 if name == "public" else 0o700)


class PrivatePostfix:
    def __init__(self, main=None, smtpd=({},)):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="headgate-postfix-"))
        self.directory.chmod(0o755)
        self.spool, self.etc = self.directory / "spool", self.directory / "etc"
        self.log_path = self.directory / "log" / "mail.log"
        make_folders(self.directory)
        for _ in range(5):
            self.ports = free_ports(len(smtpd))
            self.write_configuration(main or {}, smtpd)
            command = [DAEMONS + "/master", "-c", str(self.etc), "-w"]
            environment = {**os.environ, "MAIL_CONFIG": str(self.etc)}
            if subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=60).returncode == 0:
                return
        raise RuntimeError("Postfix does not start:\n" + self.log())

    def write_configuration(self, main, smtpd):
        own = {"queue_directory": self.spool, "data_directory": self.directory / "data", "maillog_file": self.log_path,
               "maillog_file_prefixes": self.directory / "log"}
        text = "".join(f"{name} = {value}\n" for name, value in {**MAIN, **own, **main}.items())
        (self.etc / "main.cf").write_text(text)
        master = SERVICES + "flush unix n - n 1000? 0 flush\n"
        for port, options in zip(self.ports, smtpd):
            master += smtpd_entry(port, options)
        (self.etc / "master.cf").write_text(master)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def run(self, *command, **options):
        return subprocess.run(command, env={**os.environ, "MAIL_CONFIG": str(self.etc)}, timeout=60, **options)

    def stop(self):
        try:
            pid = int((self.spool / "pid" / "master.pid").read_text())
            os.kill(pid, signal.SIGTERM)
            until(lambda: not os.path.exists(f"/proc/{pid}"), "Postfix to stop")
        except (FileNotFoundError, ProcessLookupError, ValueError):
            pass
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
