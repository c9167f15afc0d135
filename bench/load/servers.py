"""The servers that are loaded: Postfix, smtp-sink and headgate, each with a directory, a configuration and a port of its own.

Each is a context: entered, it answers on its port and uses its tables; left, its processes are gone. `pid` is the root of
its processes, `delivered()` how many messages have left its queue since it began.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

PATIENCE = 60  # seconds; a limit, never a wait


class Missing(Exception):
    """This peer cannot be measured here; the text says why."""


def program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/usr/lib/postfix/sbin")


def until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not (value := condition()):
        if time.monotonic() > end:
            raise SystemExit(f"run.py: waited {patience} s in vain for {what}")
        time.sleep(0.02)
    return value


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
            return s.recv(4).startswith(b"220")
    except OSError:
        return False


# What both servers are told: take from loopback, throw away. Postfix's words, so that one text serves both.
MAIN = """compatibility_level = 3.7
myhostname = mx.dest.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
local_transport = discard:
default_transport = discard:
relay_transport = discard:
alias_maps =
alias_database =
local_recipient_maps =
message_size_limit = 51200000
"""


def check_lines(tables):
    """main.cf's lines for {"header": file, "body": file}."""
    return "".join(f"{kind}_checks = pcre:{path}\n" for kind, path in sorted(tables.items()))


class Server:
    name = ""
    pid = None
    listen = "127.0.0.1"

    def __init__(self, directory, tables=None, main=""):
        self.directory = pathlib.Path(directory)
        self.tables = tables or {}
        self.main = main
        self.port = free_port()
        self.log = self.directory / "maillog"
        self._seen = self._read_to = 0

    def __enter__(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            self.start()
            until(lambda: answers(self.port), f"{self.name} to answer; see {self.directory}")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def delivered(self):
        """Counts the lines of its log that tell of a message gone, reading only what is new."""
        if self.log.exists():
            with open(self.log, "rb") as file:
                file.seek(self._read_to)
                new = file.read()
            new = new[:new.rfind(b"\n") + 1]
            self._read_to += len(new)
            self._seen += new.count(b": removed\n")
        return self._seen


class Sink(Server):
    """Postfix's smtp-sink: takes everything, keeps nothing: the floor."""

    name = "smtp-sink"

    def __init__(self, directory, tables=None, main=""):
        super().__init__(directory, tables, main)
        if not program("smtp-sink"):
            raise Missing("smtp-sink is not installed")

    def start(self):
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        self.process = subprocess.Popen([program("smtp-sink"), *user, f"127.0.0.1:{self.port}", "256"], cwd="/",
                                        stdin=subprocess.DEVNULL)
        self.pid = self.process.pid

    def stop(self):
        if self.pid:
            self.process.terminate()
            self.process.wait(PATIENCE)

    def delivered(self):
        return None


class Headgate(Server):
    """`slots`: as Postfix's default_process_limit."""

    name = "headgate"
    process = None

    def __init__(self, directory, tables=None, main="", binary=None):
        super().__init__(directory, tables, main)
        self.binary = str(binary)
        if not os.access(self.binary, os.X_OK):
            raise Missing(f"{self.binary} is not there: build it, or name it with --headgate")
        if not os.access(pathlib.Path(self.binary).parent / "headgate-compiler", os.X_OK):
            raise Missing(f"no headgate-compiler beside {self.binary}: its tables would be matched without databases")

    def start(self):
        self.config = self.directory / "config"
        self.config.mkdir(exist_ok=True)
        (self.config / "main.cf").write_text(
            MAIN + f"queue_directory = {self.directory}/spool\nmail_owner =\nmaillog_file = {self.log}\n"
            f"check_image_directory = {self.directory}/images\n" + check_lines(self.tables) + self.main)
        (self.config / "master.cf").write_text(f"{self.listen}:{self.port} inet n - n - - smtpd\n"
                                               "discard unix - - n - - discard\n")
        (self.directory / "images").mkdir(exist_ok=True)
        self.errors = open(self.directory / "errors", "w", encoding="utf-8")
        self.process = subprocess.Popen([self.binary, "serve", "-c", str(self.config)], cwd=self.directory,
                                        stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        self.pid = self.process.pid
        until(self.is_ready, f"headgate's compiled tables; see {self.directory}")

    def is_ready(self):
        """Whether it serves and every table is matched with its databases."""
        if self.process.poll() is not None:
            raise SystemExit(f"run.py: headgate ended: {(self.directory / 'errors').read_text()}")
        run = subprocess.run([self.binary, "status", "--json", "-c", str(self.config)], capture_output=True, text=True,
                             timeout=PATIENCE)
        if run.returncode != 0:
            return False
        tables = json.loads(run.stdout)["tables"]
        if len(tables) < len(set(self.tables.values())):
            return False
        return all(table.get("databases", 0) > 0 for table in tables)

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.errors.close()


class Postfix(Server):
    """A private Postfix: its own configuration, queue and data directories; only root may start one."""

    name = "Postfix"

    MASTER = """{listen}:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

    def __init__(self, directory, tables=None, main=""):
        super().__init__(directory, tables, main)
        if not program("postfix"):
            raise Missing("Postfix is not installed")
        if os.getuid() != 0:
            raise Missing("Postfix can be started by root only")
        if tables and not pathlib.Path("/usr/lib/postfix/postfix-pcre.so").exists() and "pcre" not in self.map_types():
            raise Missing("Postfix has no pcre: tables (package postfix-pcre)")
        self.config = self.directory / "config"

    @staticmethod
    def map_types():
        return subprocess.run([program("postconf"), "-m"], capture_output=True, text=True, check=False).stdout.split()

    def start(self):
        for name in ("config", "spool", "data"):
            (self.directory / name).mkdir(exist_ok=True)
        for folder in (self.directory, *self.directory.parents):
            if not folder.stat().st_mode & 0o001:
                raise Missing(f"user postfix may not enter {folder}")
        shutil.chown(self.directory / "data", "postfix")
        (self.config / "main.cf").write_text(MAIN + f"""queue_directory = {self.directory}/spool
data_directory = {self.directory}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {self.log}
maillog_file_prefixes = {self.directory}
biff = no
""" + check_lines(self.tables) + self.main)
        (self.config / "master.cf").write_text(self.MASTER.format(listen=self.listen, port=self.port))
        self.postfix("start")
        self.pid = int(until((self.directory / "spool/pid/master.pid").read_text, "Postfix's master").strip())

    def postfix(self, verb):
        run = subprocess.run([program("postfix"), "-c", str(self.config), verb], capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise Missing(f"postfix {verb}: {run.stderr.strip().splitlines()[-1] if run.stderr else run.returncode}")

    def stop(self):
        if self.pid is None:
            return
        self.postfix("stop")
        until(lambda: not pathlib.Path(f"/proc/{self.pid}").exists(), "Postfix to end")
        self.pid = None
