#!/usr/bin/env python3
"""An hour of everything: messages over plain sessions and over TLS (new and resumed), refused ones, broken ones, clients that hang
up and clients that idle until they are sent away; a table edited each minute, one reload at the beginning (it brings a new
FRONT, whose memory begins anew). Prints each process's private memory and descriptors; the exit status says whether both were
flat. Loopback only; ends by itself.

    soak.py [--minutes 60] [--rate 20] [--one-process]
"""

import argparse
import os
import pathlib
import signal
import smtplib
import socket
import ssl
import statistics
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "load"), str(HERE.parents[1] / "tests" / "e2e")]

import processes  # noqa: E402
from headgate_server import Server  # noqa: E402
from idle import client_context, make_certificate  # noqa: E402

ROOM_KB = 2048  # what the later half of the time may need more than the earlier one: noise of an allocator, not a leak of 1 KB a message
ROOM_DESCRIPTORS = 8

MAIN = """smtpd_tls_security_level = may
smtpd_tls_chain_files = $config_directory/chain.pem
header_checks = pcre:$config_directory/header_checks
body_checks = regexp:$config_directory/body_checks
smtpd_sender_restrictions = reject_non_fqdn_sender
smtpd_timeout = 20s
smtpd_client_event_limit_exceptions =
smtpd_client_message_rate_limit = 100000
default_transport = discard
local_transport = discard
anvil_status_update_time = 60s
"""


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=20, help="conversations a second, of all kinds together")
    parser.add_argument("--one-process", action="store_true")
    parser.add_argument("--headgate", type=pathlib.Path, default=HERE.parents[1] / "build" / "release" / "bin" / "headgate")
    return parser.parse_args()


class Clients(threading.Thread):
    """A conversation at a time, each kind in its turn."""

    def __init__(self, server, pause, over):
        super().__init__(daemon=True)
        self.server, self.pause, self.over = server, pause, over
        self.taken = self.refused = self.trouble = 0
        self.context = client_context()
        self.session = None

    def run(self):
        kinds = [self.plain, self.tls, self.resumed, self.several, self.refusal, self.rejected_content, self.junk, self.hang_up, self.bdat]
        number = 0
        while not self.over.is_set():
            begun = time.monotonic()
            number += 1
            try:
                kinds[number % len(kinds)](number)
            except (OSError, smtplib.SMTPException) as error:
                self.trouble += 1
                print("trouble:", kinds[number % len(kinds)].__name__, repr(error), flush=True)
            self.over.wait(max(0, self.pause - (time.monotonic() - begun)))

    def send(self, smtp, number, size=4000):
        text = f"Subject: message {number}\r\n\r\n" + ("x" * 70 + "\r\n") * (size // 72)
        smtp.sendmail("a@client.example", ["me@here.example"], text)
        self.taken += 1

    def plain(self, number):
        with self.server.client() as smtp:
            self.send(smtp, number)

    def several(self, number):
        with self.server.client() as smtp:
            for _ in range(3):
                self.send(smtp, number, 200_000)
                smtp.rset()

    def tls(self, number):
        with self.server.client() as smtp:
            smtp.starttls(context=self.context)
            self.send(smtp, number)
            self.session = smtp.sock.session

    def resumed(self, number):
        """STARTTLS by hand: smtplib offers no session."""
        with socket.create_connection((self.server.host, self.server.port), timeout=30) as plain:
            for line in (None, b"EHLO client.example\r\n", b"STARTTLS\r\n"):
                if line:
                    plain.sendall(line)
                while plain.recv(4096)[-2:] != b"\r\n":
                    pass
            with self.context.wrap_socket(plain, session=self.session) as tls:
                tls.sendall(b"EHLO client.example\r\nQUIT\r\n")
                while tls.recv(4096):
                    pass

    def refusal(self, number):
        with self.server.client() as smtp:
            try:
                smtp.sendmail("a@refused", ["me@here.example"], "Subject: x\r\n\r\nx\r\n")
            except smtplib.SMTPRecipientsRefused:
                self.refused += 1

    def rejected_content(self, number):
        with self.server.client() as smtp:
            try:
                smtp.sendmail("a@client.example", ["me@here.example"], f"Subject: refuse me {number}\r\n\r\nx\r\n")
            except smtplib.SMTPDataError:
                self.refused += 1

    def junk(self, number):
        with self.server.client() as smtp:
            for verb in ("vrfy me", "noop", "frobnicate", "rset", "mail nonsense", "help"):
                smtp.docmd(verb)

    def hang_up(self, number):
        with socket.create_connection((self.server.host, self.server.port), timeout=30) as client:
            client.recv(200)
            client.sendall(b"EHLO c.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<me@here.example>\r\nDATA\r\nSubject: cut")

    def bdat(self, number):
        with self.server.client() as smtp:
            smtp.ehlo()
            smtp.docmd("mail from:<a@client.example>")
            smtp.docmd("rcpt to:<me@here.example>")
            chunk = b"Subject: chunks\r\n\r\nx\r\n"
            smtp.send(b"BDAT %d\r\n" % len(chunk) + chunk)
            smtp.getreply()
            code, _ = smtp.docmd("bdat 0 last")
            self.taken += code == 250


class Idlers(threading.Thread):
    """Say EHLO and wait until they are sent away; then others come."""

    def __init__(self, server, count, over):
        super().__init__(daemon=True)
        self.server, self.count, self.over, self.sent_away, self.trouble = server, count, over, 0, 0

    def run(self):
        while not self.over.is_set():
            clients = []
            try:
                for _ in range(self.count):
                    client = socket.create_connection((self.server.host, self.server.port), timeout=90)
                    client.sendall(b"EHLO idle.example\r\n")
                    clients.append(client)
            except OSError as error:
                self.trouble += 1
                print("trouble: idlers", repr(error), flush=True)
            for client in clients:
                try:
                    while client.recv(4096):
                        pass
                    self.sent_away += 1
                except OSError:
                    pass
                client.close()


def role_of(pid):
    words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    title = words[0].decode(errors="replace")
    if title.startswith("headgate: "):
        return "front"
    return words[2].decode() if words[1:2] == [b"role"] else "master"


def measure(server):
    """{role: (kilobytes, descriptors)}; of several processes of a role (a reload is under way) the largest."""
    found = {}
    for pid in processes.family(server.process.pid):
        try:
            role = role_of(pid)
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            kilobytes = sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_"))
            descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        except (OSError, IndexError):
            continue
        before = found.get(role, (0, 0))
        found[role] = (max(before[0], kilobytes), max(before[1], descriptors))
    return found


def edit(server, minute):
    server.write("header_checks", f"/^Subject: refuse me/ REJECT {minute}\n" + "".join(f"/^X-{i}: .*{minute}/ DUNNO\n" for i in range(50)))
    if minute == 2:
        server.kick(signal.SIGHUP)


def is_flat(samples):
    """Each role's later half against its earlier one, without the first tenth."""
    flat = True
    rest = samples[len(samples) // 10:]
    half = len(rest) // 2
    for role in sorted({role for sample in rest for role in sample} & {"master", "front", "queue", "deliver"}):
        for what, index, room in (("KB", 0, ROOM_KB), ("descriptors", 1, ROOM_DESCRIPTORS)):
            early, late = ([sample[role][index] for sample in part if role in sample] for part in (rest[:half], rest[half:]))
            before, after = statistics.median(early), statistics.median(late)
            good = after - before <= room
            flat = flat and good
            print(f"{role:8} {what:12} {before:9.0f} -> {after:9.0f}  {'flat' if good else 'GROWS'}")
    return flat


def main():
    options = parse()
    os.environ["HEADGATE"] = str(options.headgate.resolve())
    files = {"header_checks": "/^Subject: refuse me/ REJECT\n", "body_checks": "/^buy now/ REJECT\n"}
    over, samples = threading.Event(), []
    with tempfile.TemporaryDirectory(prefix="headgate-soak-") as directory:
        server = Server(main=MAIN, maxproc=100, files=files, directory=directory, start=False)
        server.split = not options.one_process
        make_certificate(server.config)
        with server:
            server.start()
            clients = [Clients(server, 4 / options.rate, over) for _ in range(4)]
            idlers = Idlers(server, 10, over)
            for thread in (*clients, idlers):
                thread.start()
            end = time.monotonic() + options.minutes * 60
            minute = 0
            while time.monotonic() < end:
                minute += 1
                edit(server, minute)
                time.sleep(max(0.0, min(60.0, end - time.monotonic())))
                samples.append(measure(server))
                shown = "  ".join(f"{role} {kb} KB {fds} fds" for role, (kb, fds) in sorted(samples[-1].items()))
                print(f"{minute:4} min  {sum(c.taken for c in clients):8} taken  {shown}", flush=True)
            over.set()
            for client in clients:
                client.join(60)
            status = server.stop()
            log = server.log()
    problems = [line for line in log.splitlines() if "panic" in line or "error: " in line or "killed by signal" in line]
    trouble = idlers.trouble + sum(client.trouble for client in clients)
    print(f"{sum(c.taken for c in clients)} taken, {sum(c.refused for c in clients)} refused, {idlers.sent_away} idle ones sent away, "
          f"{trouble} in trouble, {log.count('status=sent')} delivered, exit status {status}, {len(problems)} errors in the log")
    for line in problems[:10]:
        print("  " + line)
    return 0 if is_flat(samples) and status == 0 and not trouble and not problems else 1


if __name__ == "__main__":
    sys.exit(main())
