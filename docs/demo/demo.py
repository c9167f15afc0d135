#!/usr/bin/env python3
"""The demo: starts headgate on loopback, sends it real mail with swaks, shows what became of each message, then fills
the service slots and shows what stress does. Exits 0 when everything went as the sample tables say."""
import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import messages

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.normpath(os.path.join(HERE, "..", "..", "tables", "samples"))
COLOUR = sys.stdout.isatty()


def paint(code, text):
    return "\033[%sm%s\033[0m" % (code, text) if COLOUR else text


def heading(number, title, note=""):
    print("\n%s  %s\n" % (paint("1;36", "%d  %s" % (number, title)), note))


def field(name, value):
    for i, line in enumerate(value.splitlines() or [""]):
        print("      %s %s" % (paint("2", (name if i == 0 else "").ljust(9)), line))


def cut(text, width=132):
    return text if len(text) <= width else text[:width - 1] + "…"


class Demo:
    def __init__(self, headgate, directory):
        self.headgate, self.directory = headgate, directory
        self.failures = []
        self.config = os.path.join(directory, "etc")
        self.port = 0
        self.server = None

    # ---- the server

    def write_configuration(self):
        os.makedirs(self.config)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        for name in ("main.cf", "master.cf"):
            with open(os.path.join(HERE, name), encoding="utf-8") as f:
                text = f.read().replace("DIR", self.directory).replace("SAMPLES", SAMPLES).replace("PORT", str(self.port))
            with open(os.path.join(self.config, name), "w", encoding="utf-8") as f:
                f.write(text)

    def start(self):
        self.server = subprocess.Popen([self.headgate, "serve", "-c", self.config], stdout=subprocess.DEVNULL,
                                       stderr=open(os.path.join(self.directory, "stderr"), "w"))
        for _ in range(200):
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as s:
                    if s.recv(512).startswith(b"220"):
                        s.sendall(b"QUIT\r\n")
                        s.recv(512)
                        return
            except OSError:
                if self.server.poll() is not None:
                    break
                time.sleep(0.05)
        with open(os.path.join(self.directory, "stderr"), encoding="utf-8") as f:
            sys.exit("the server did not start:\n" + f.read())

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        return self.server.wait(timeout=60)

    # ---- what can be seen from outside

    def log(self):
        with open(os.path.join(self.directory, "mail.log"), encoding="utf-8", errors="replace") as f:
            return f.read().splitlines()

    def log_of(self, pattern):
        """the text after 'host ' of the lines that match"""
        return [re.sub(r"^\S+ +\S+ \S+ \S+ ", "", line) for line in self.log() if re.search(pattern, line)]

    def mailboxes(self):
        """{user: [paths]} below the Maildirs"""
        found = {}
        root = os.path.join(self.directory, "mail")
        for user in sorted(os.listdir(root)) if os.path.isdir(root) else ():
            new = os.path.join(root, user, "new")
            found[user] = [os.path.join(new, n) for n in sorted(os.listdir(new))] if os.path.isdir(new) else []
        return found

    def queued(self, state):
        total = 0
        for _, _, names in os.walk(os.path.join(self.directory, "spool", state)):
            total += len(names)
        return total

    def settle(self, wanted, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if wanted():
                return True
            time.sleep(0.05)
        return False

    # ---- one message

    def swaks(self, message, data):
        path = os.path.join(self.directory, "message")
        with open(path, "wb") as f:
            f.write(data)
        run = subprocess.run(["swaks", "--server", "127.0.0.1:%d" % self.port, "--helo", "client.demo.example",
                              "--from", "sender@remote.example", "--to", message.to, "--data", "@" + path,
                              "--suppress-data"], capture_output=True, text=True, errors="replace", timeout=120)
        replies = [line for line in run.stdout.splitlines() if re.match(r"<[-*~ ]* +\d{3}[ -]", line)]
        replies = [re.sub(r"^<\S* +", "", line) for line in replies if " 221 " not in line]
        refusals = [line for line in replies if line[0] in "45"]
        return "\n".join(refusals or replies[-1:]) or run.stdout + run.stderr

    def send(self, message):
        before = {path for paths in self.mailboxes().values() for path in paths}
        held = self.queued("hold")
        log_before = len(self.log())
        reply = self.swaks(message, message.data())
        accepted = reply.startswith("250")

        def news():
            found = {user: [p for p in paths if p not in before] for user, paths in self.mailboxes().items()}
            return {user: paths for user, paths in found.items() if paths}

        def arrived():
            return set(message.arrives_at) <= set(news())

        if accepted and message.arrives_at:
            self.settle(arrived)
        elif accepted and message.held:
            self.settle(lambda: self.queued("hold") > held)
        elif accepted:
            self.settle(lambda: self.queued("incoming") + self.queued("active") == 0)

        new = news()
        problems = message.problems(reply, new, self.queued("hold") - held)
        print("    %s %s" % (paint("32", "✔") if not problems else paint("31", "✘"), paint("1", message.title)))
        field("sent", message.shown)
        actions = [re.sub(r"^.*?: [0-9A-Za-z]+: ", "", re.sub(r" from \S+\[[^]]*\];.*? helo=<[^>]*>", "", line))
                   for line in self.log()[log_before:] if "postfix/cleanup" in line and not re.search(r": message-id=", line)]
        field("rule", "\n".join(cut(a) for a in actions) or "none")
        field("reply", "\n".join(cut(line) for line in reply.splitlines()))
        field("Maildir", message.describe(new, self.queued("hold") - held))
        for problem in problems:
            field(paint("31", "WRONG"), problem)
            self.failures.append("%s: %s" % (message.title, problem))
        print()

    # ---- stress

    def idle_client(self):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=15)
        s.recv(512)
        s.sendall(b"EHLO idle.example\r\n")
        s.recv(2048)
        return s

    def expect(self, text, condition):
        print("    %s %s" % (paint("32", "✔") if condition else paint("31", "✘"), text))
        if not condition:
            self.failures.append(text)

    def stress(self):
        print("    The service has 5 slots. Four clients say EHLO and fall silent.")
        idlers = [self.idle_client() for _ in range(4)]
        self.expect("4 of 5 slots are taken; nothing has changed yet", not self.log_of("entering stress"))
        print("\n    The next client takes the last slot: that is the signal.\n")
        for message in messages.UNDER_STRESS:
            self.send(message)
        self.expect("the log says so, in Postfix's words:", bool(self.log_of("has reached its process limit")))
        for line in self.log_of("entering stress|process limit"):
            print("      " + paint("33", cut(line, 150)))
        for s in idlers:
            s.close()


def summary_of(path):
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    rules = sum(1 for line in lines if re.match(r"[/~!]", line))
    groups = sum(1 for line in lines if line.startswith("if "))
    marks = sum(1 for line in lines if line.strip() == "#@emergency")
    return "%s: %d rules, %d if-groups, %d emergency marks" % (os.path.relpath(path), rules, groups, marks)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--headgate", required=True, help="the program")
    options.add_argument("--keep", action="store_true", help="keep the working directory")
    options.add_argument("--small", action="store_true", help="leave out the 30 MB message")
    args = options.parse_args()

    directory = tempfile.mkdtemp(prefix="headgate-demo-")
    demo = Demo(os.path.abspath(args.headgate), directory)
    try:
        print(paint("1", "headgate: content checks that decide real mail over real SMTP"))
        heading(1, "The rules", "if/endif groups in Postfix's own language")
        for name in ("header_checks", "body_checks"):
            print("    " + summary_of(os.path.join(SAMPLES, name)))
        demo.write_configuration()
        check = subprocess.run([demo.headgate, "check", "-c", demo.config], capture_output=True, text=True)
        demo.expect("headgate check finds no fault with them", check.returncode == 0)
        if check.returncode:
            print(check.stdout + check.stderr)

        heading(2, "The server")
        demo.start()
        print("    headgate serve -c %s\n    listens on 127.0.0.1:%d, five service slots; all files lie below %s"
              % (demo.config, demo.port, directory))

        heading(3, "Mail", "each message sent with swaks; `rule` is the server's log line, `Maildir` what lies there now")
        for message in messages.CALM:
            if not (args.small and message.large):
                demo.send(message)

        heading(4, "Stress", "the slots fill up; only the rules marked #@emergency stay")
        demo.stress()

        heading(5, "The end")
        status = demo.stop()
        demo.expect("SIGTERM: the server finished its sessions and stopped (exit status %d)" % status, status == 0)
        print("    In the Maildirs: " + ", ".join("%s %d" % (u, len(p)) for u, p in demo.mailboxes().items()))
        if demo.failures:
            print(paint("1;31", "\n%d things went wrong:" % len(demo.failures)))
            for failure in demo.failures:
                print("  " + failure)
            return 1
        print(paint("1;32", "\nEverything went as the tables say."))
        return 0
    finally:
        if demo.server and demo.server.poll() is None:
            demo.server.kill()
            demo.server.wait()
        if args.keep:
            print("kept: " + directory)
        else:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
