#!/usr/bin/env python3
"""kill -9 at random moments under load: no acknowledged message may be lost.

Clients send messages that carry their own name; what was answered with 250 after the final dot is written down. The
server is killed, started again, and so on; in the end the queue must run empty and every message written down must lie
in its recipient's Maildir, byte for byte (trace headers excepted). Duplicates are allowed after a crash: a message that
was delivered, but not yet struck, is delivered again; they are counted.

    HEADGATE=build/dev/bin/headgate tests/crash/kill_test.py --rounds 50 [--seed N] [--keep]
"""

import argparse
import collections
import hashlib
import os
import pathlib
import random
import shutil
import signal
import smtplib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import headgate_server

MAIN = """
local_transport = local
mail_spool_directory = {directory}/mail/
queue_run_delay = 2s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
message_size_limit = 0
"""
USERS = ["ada", "bob", "cyd"]
MARK = "X-Kill-Test: "


class Acknowledged:
    """What the server said 250 to: name -> (recipients, digest)."""

    def __init__(self):
        self.lock = threading.Lock()
        self.messages = {}
        self.attempts = 0

    def attempt(self):
        with self.lock:
            self.attempts += 1

    def add(self, name, users, digest):
        with self.lock:
            self.messages[name] = (users, digest)


def digest_of(text):
    return hashlib.sha256(text).hexdigest()


def message(name, dice):
    lines = [f"{MARK}{name}", f"Message-ID: <{name}@kill.example>", "From: s@far.example",
             "Date: Sun, 22 Nov 2026 12:00:00 +0000", "Subject: kill test", ""]
    for _ in range(dice.choice((1, 10, 100, 100, 4000))):
        lines.append("." * dice.randrange(3) + "%x" % dice.getrandbits(4 * dice.randrange(1, 60)))
    return "\n".join(lines) + "\n"


def client(port, round_number, number, seed, acknowledged):
    dice = random.Random(f"{seed}/{round_number}/{number}")
    count = 0
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=30) as smtp:
            while True:
                name = f"r{round_number}c{number}m{count}"
                count += 1
                text = message(name, dice)
                users = dice.sample(USERS, dice.choice((1, 1, 1, 2, 3)))
                acknowledged.attempt()
                refused = smtp.sendmail("s@far.example", [u + "@here.example" for u in users], text)
                if refused:
                    raise AssertionError(f"refused: {refused}")
                acknowledged.add(name, users, digest_of(text.encode()))
    except (OSError, smtplib.SMTPException):
        return  # the server was killed, as it should be


def extra_load(port):
    """Postfix's smtp-source: many more sessions, whose answers nobody writes down."""
    program = shutil.which("smtp-source", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        return None
    return subprocess.Popen([program, "-s", "4", "-m", "5000", "-l", "5000", "-f", "s@far.example", "-t",
                             "load@here.example", f"127.0.0.1:{port}"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def one_round(server, round_number, seed, dice, acknowledged, clients):
    threads = [threading.Thread(target=client, args=(server.port, round_number, i, seed, acknowledged))
               for i in range(clients)]
    for thread in threads:
        thread.start()
    load = extra_load(server.port)
    time.sleep(dice.uniform(0.05, 1.5))  # the moment of the crash, not a wait for anything
    if server.process.poll() is not None:
        raise AssertionError(f"the server ended by itself with {server.process.returncode}:\n{server.log()}")
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    server.process.stderr.close()
    server.process = None
    for thread in threads:
        thread.join()
    if load is not None:
        load.kill()
        load.wait()


def queue_files(directory):
    spool = directory / "spool"
    return [p for state in ("incoming", "active", "deferred") for p in (spool / state).iterdir()]


def delivered(directory):
    """(name, user) -> the digests of its copies"""
    found = collections.defaultdict(list)
    for user in USERS:
        for path in (directory / "mail" / user / "new").glob("*"):
            text = path.read_bytes()
            at = text.find(b"\n" + MARK.encode())
            if at < 0:
                raise AssertionError(f"{path} is no message of ours")
            text = text[at + 1:]
            name = text[len(MARK):text.index(b"\n")].decode()
            found[name, user].append(digest_of(text))
    return found


def check(directory, acknowledged):
    found = delivered(directory)
    lost, damaged, duplicates = [], [], 0
    for name, (users, digest) in acknowledged.messages.items():
        for user in users:
            copies = found.get((name, user), [])
            if not copies:
                lost.append(f"{name} for {user}")
            damaged += [f"{name} for {user}" for copy in copies if copy != digest]
            duplicates += max(0, len(copies) - 1)
    kept = [str(p) for state in ("hold", "corrupt") for p in (directory / "spool" / state).iterdir()]
    unacknowledged = sum(1 for name, _ in found if name not in acknowledged.messages)
    print(f"acknowledged {len(acknowledged.messages)} of {acknowledged.attempts} sent; lost {len(lost)}, "
          f"damaged {len(damaged)}, duplicates {duplicates}, delivered without an acknowledgement {unacknowledged}, "
          f"in hold or corrupt {len(kept)}")
    if not acknowledged.messages:
        raise AssertionError("nothing was acknowledged: nothing was tested")
    if lost or damaged or kept:
        raise AssertionError(f"lost {lost[:20]}, damaged {damaged[:20]}, kept {kept[:20]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--patience", type=float, default=180, help="seconds that the queue may take to run empty")
    parser.add_argument("--keep", action="store_true", help="leave the directory where it is")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"seed {seed}, rounds {options.rounds}")
    dice = random.Random(seed)
    acknowledged = Acknowledged()

    server = headgate_server.Server(start=False)
    try:
        with open(server.config / "main.cf", "a") as main_cf:
            main_cf.write(MAIN.format(directory=server.directory))
        for round_number in range(options.rounds):
            server.start()
            one_round(server, round_number, seed, dice, acknowledged, options.clients)
        server.start()
        headgate_server.until(lambda: not queue_files(server.directory), "the queue to run empty", options.patience)
        status = server.stop()
        if status != 0:
            raise AssertionError(f"exit status {status}")
        check(server.directory, acknowledged)
    finally:
        if server.process is not None:
            server.process.kill()
            server.process.wait()
        if options.keep:
            print(f"kept {server.directory}")
        else:
            shutil.rmtree(server.directory, ignore_errors=True)


if __name__ == "__main__":
    main()
