"""The processes of a split server, and clients that remember what they were promised."""

import json
import os
import pathlib
import signal
import smtplib
import threading

from headgate_server import Server, until


class Split(Server):
    """A process a role, whatever the other tests run with."""

    split = True


def processes(server):
    """role -> the process ids of it, those that MASTER has as children just now"""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
            words = (path / "cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError, IndexError):
            continue
        if parent != server.process.pid:
            continue
        if words[:2] == [b"headgate", b"role"]:
            found.setdefault(words[2].decode(), []).append(int(path.name))
        elif words[0].startswith(b"headgate: smtpd"):  # FRONT shows its services and their stress
            found.setdefault("front", []).append(int(path.name))
    return found


def one(server, role):
    """The only process of the role, once there is one."""
    return until(lambda: len(processes(server).get(role, [])) == 1 and processes(server)[role][0], f"one {role}")


def kill(server, role):
    """kill -9; returns when another is at work."""
    old = one(server, role)
    os.kill(old, signal.SIGKILL)
    return until(lambda: at_work(server, role) not in (None, old) and at_work(server, role), f"the next {role}")


def at_work(server, role):
    """The process that serves just now, as MASTER has written it down: one that has only begun would be throttled."""
    told = server.run("--json", "status")
    if told.returncode != 0:
        return None
    return next((row["pid"] for row in json.loads(told.stdout)["roles"] if row["role"] == role and row["pid"] != 0), None)


def alive(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


class Clients:
    """Several clients that send until they are told to stop; each message has its name as subject."""

    def __init__(self, server, count=3, sessions_may_end=False, messages_a_session=10):
        self.server, self.sessions_may_end, self.messages_a_session = server, sessions_may_end, messages_a_session
        self.acknowledged, self.trouble, self.lock, self.over = [], [], threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def sent(self):
        with self.lock:
            return len(self.acknowledged)

    def wait_for_more(self, count=10):
        wanted = self.sent() + count
        until(lambda: self.sent() >= wanted or self.trouble, f"{count} more messages")

    def work(self, number):
        name = 0
        while not self.over.is_set():
            try:
                with smtplib.SMTP(self.server.host, self.server.port, local_hostname="client.example", timeout=60) as smtp:
                    for _ in range(self.messages_a_session):
                        if self.over.is_set():
                            break
                        subject = f"c{number}n{name}"
                        name += 1
                        smtp.sendmail("a@client.example", ["me@here.example"], f"Subject: {subject}\n\nx\n")
                        with self.lock:
                            self.acknowledged.append(subject)
            except (OSError, smtplib.SMTPException) as error:
                if not self.sessions_may_end:
                    self.trouble.append(f"{subject if name else ''}: {error!r}")
                    return

    def check_delivered(self):
        """Every message that was acknowledged is in the Maildir; returns how many came twice."""
        new = self.server.directory / "Maildir" / "new"
        spool = self.server.directory / "spool"

        def empty():
            return not any(not path.name.startswith("new.")
                           for state in ("incoming", "active", "deferred") for path in (spool / state).iterdir())
        until(empty, f"the queue to run empty; log:\n{self.server.log()[-2000:]}")
        found = []
        for path in new.iterdir():
            text = path.read_bytes()
            found.append(text[text.index(b"\nSubject: ") + 10:].split(b"\n", 1)[0].decode())
        lost = set(self.acknowledged) - set(found)
        assert not lost, f"lost: {sorted(lost)[:10]} of {len(self.acknowledged)}"
        kept = [p.name for state in ("hold", "corrupt") for p in (spool / state).iterdir()]
        assert not kept, kept
        return len(found) - len(set(found))
