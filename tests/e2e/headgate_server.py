"""A headgate server for a test: its own directory, configuration, spool and a port that the kernel picks.

    with Server(main="header_checks = pcre:$config_directory/checks\n", files={"checks": "/x/ REJECT\n"}) as server:
        with server.client() as smtp:
            smtp.sendmail("a@b.example", ["me@here.example"], "Subject: x\n\ntext\n")
        server.wait_for_mail(1)

The program's path is in the environment variable HEADGATE (ctest sets it), else the one that ./dev test builds.
"""

import os
import pathlib
import random
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time

# HEADGATE_ROLES: "split" (a process a role, the default) or "one" (all roles in one process).
SPLIT = os.environ.get("HEADGATE_ROLES", "split") == "split"
PATIENCE = int(os.environ.get("HEADGATE_PATIENCE", 60))  # seconds; a limit, never a wait

MAIN = """compatibility_level = 3.6
myhostname = mx.here.example
mydomain = here.example
mydestination = here.example
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
local_recipient_maps =
queue_directory = {directory}/spool
mail_owner =
maillog_file = {directory}/log
default_transport = virtual
local_transport = virtual
relay_transport = virtual
virtual_mailbox_domains =
virtual_mailbox_base = {directory}
virtual_mailbox_maps = static:Maildir/
smtpd_peername_lookup = no
stress_signals = slots
"""


def headgate():
    built = pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "bin" / "headgate"
    return os.environ.get("HEADGATE", str(built))


def until(condition, what, patience=PATIENCE):
    """Polls until condition() is true; the only waiting that tests do."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited in vain for " + what)
        time.sleep(0.01)


def free_port():
    """Below the range of outgoing connections, so that none of those takes it before the server does."""
    while True:
        port = random.randrange(11000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def free_ports(count):
    """All different: of fifty that are picked one by one two are the same in every twentieth run."""
    ports = set()
    while len(ports) < count:
        ports.add(free_port())
    return list(ports)


def smtpd_entry(port, options):
    """A line of master.cf."""
    return f"127.0.0.1:{port} inet n - n - 20 smtpd" + "".join(f"\n  -o {{ {name} = {value} }}" for name, value in options.items()) + "\n"


def with_several(options, main="", files=None, prepare=None):
    """A Server with an smtpd for each set of -o options, and their ports. prepare(server) comes before its start."""
    for _ in range(5):
        ports = free_ports(len(options))
        server = Server(master="".join(map(smtpd_entry, ports, options)), main=main, files=files, start=False)
        try:
            if prepare is not None:
                prepare(server)
            server.start()
            return server, ports
        except AssertionError as error:
            trouble = error  # somebody took one of them
    raise trouble


class Server:
    split = SPLIT

    def __init__(self, main="", maxproc=20, master=None, files=None, port=0, directory=None, start=True,
                 environment=None, program=None):
        self.environment = {**os.environ, **(environment or {})}
        self.program = program or headgate()
        self.owns_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="headgate-e2e-"))
        self.config = self.directory / "config"
        self.config.mkdir(exist_ok=True)
        self.write("main.cf", MAIN.format(directory=self.directory) + main)
        self.write("master.cf", master or f"127.0.0.1:{port} inet n - n - {maxproc} smtpd\n")
        for name, text in (files or {}).items():
            self.write(name, text)
        self.process = None
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        if self.owns_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def write(self, name, text):
        (self.config / name).write_text(text)

    def spawn(self, *arguments):
        mode = [] if self.split else ["--one-process"]
        command = [self.program, "serve", "-c", str(self.config), *mode, *arguments]
        return subprocess.Popen(command, cwd=self.directory, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)

    def start(self):
        port_file = self.directory / "port"
        port_file.unlink(missing_ok=True)
        self.process = self.spawn("--port-file", str(port_file))

        def ready():
            if self.process.poll() is not None:
                raise AssertionError("serve ended: " + self.process.stderr.read())
            return port_file.exists() and port_file.read_text().split()

        listeners = until(ready, "the server to listen")
        self.host, port = listeners[0].rsplit(":", 1)
        self.port = int(port)

    def run(self, *arguments, text_in=None):
        """Another subcommand of the same program, with the server's configuration and environment."""
        return subprocess.run([self.program, "-c", str(self.config), *arguments], cwd=self.directory,
                              env=self.environment, input=text_in, capture_output=True, text=True, timeout=2 * PATIENCE)

    def kick(self, number):
        self.process.send_signal(number)

    def stop(self):
        """Stops the server and returns its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the server did not stop; log:\n" + self.log())
        self.errors = self.process.stderr.read()
        self.process.stderr.close()
        self.process = None
        return status

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.process = None

    def client(self, **options):
        return smtplib.SMTP(self.host, self.port, local_hostname="client.example", timeout=PATIENCE, **options)

    def log(self):
        try:
            return (self.directory / "log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def wait_for_log(self, text, count=1):
        try:
            return until(lambda: self.log().count(text) >= count, f"{text!r} in the log")
        except AssertionError as error:
            raise AssertionError(f"{error}; its end:\n{self.log()[-3000:]}") from None

    def mail(self):
        new = self.directory / "Maildir" / "new"
        return sorted(new.iterdir()) if new.is_dir() else []

    def wait_for_mail(self, count):
        until(lambda: len(self.mail()) >= count, f"{count} messages; log:\n{self.log()}")
        return [path.read_bytes() for path in self.mail()]
