#!/usr/bin/env python3
"""What an idle session costs: N clients say EHLO (with --tls: STARTTLS first) and are silent. Prints the server's Pss at some
counts of sessions, all its processes together, and the slope between the first and the last.

    bench/stress/idle.py --sessions 10000            plain
    bench/stress/idle.py --sessions 5000 --tls       TLS 1.3

The clients are this process: `ulimit -n` must allow a descriptor for each, and the server inherits it. Sessions are spread over
client addresses, 127.0.0.2 and up. Postfix's figure for comparison is a process a client: 1.7 MB."""

import argparse
import os
import pathlib
import resource
import socket
import ssl
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "load"), str(HERE.parents[1] / "tests" / "e2e")]

import processes  # noqa: E402
from headgate_server import Server  # noqa: E402

SPARE = 200  # descriptors for everything that is no session
WANTED = {False: 16, True: 64}  # KB a session, of the issue


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=10000)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--points", type=int, default=5, help="how often Pss is read on the way")
    parser.add_argument("--headgate", type=pathlib.Path, default=HERE.parents[1] / "build" / "release" / "bin" / "headgate")
    return parser.parse_args()


def read_reply(connection):
    """Until the last line of a reply."""
    text = b""
    while not (text.endswith(b"\n") and text.rsplit(b"\n", 2)[-2][3:4] == b" "):
        piece = connection.recv(4096)
        if not piece:
            raise SystemExit("idle.py: the server hung up: " + repr(text))
        text += piece
    return text


def say(connection, line):
    connection.sendall(line)
    return read_reply(connection)


def connect(number, server, context):
    address = f"127.0.{(number // 20 + 2) >> 8}.{(number // 20 + 2) & 255}"
    connection = socket.create_connection((server.host, server.port), timeout=60, source_address=(address, 0))
    read_reply(connection)
    say(connection, b"EHLO client.example\r\n")
    if context is not None:
        say(connection, b"STARTTLS\r\n")
        connection = context.wrap_socket(connection)
        say(connection, b"EHLO client.example\r\n")
    return connection


def measure(server, options, context):
    clients, points = [], []
    at = [options.sessions * step // options.points for step in range(1, options.points + 1)]
    warm = min(options.sessions // 10, 200)  # so that what is allocated once is not counted
    for number in range(options.sessions):
        clients.append(connect(number, server, context))
        if len(clients) in (warm, *at):
            kilobytes = processes.pss_kilobytes(server.process.pid)
            points.append((len(clients), kilobytes))
            print(f"{len(clients):7} sessions  {kilobytes / 1024:9.1f} MB", flush=True)
    for client in clients[:: max(1, len(clients) // 100)]:  # they were there all the time
        if not say(client, b"NOOP\r\n").startswith(b"250 "):
            raise SystemExit("idle.py: a session does not answer")
    (first, low), (last, high) = points[0], points[-1]
    return (high - low) / (last - first)


def main():
    options = parse()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = options.sessions + SPARE
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SystemExit(f"idle.py: {needed} descriptors are needed, {hard} allowed (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    os.environ["HEADGATE"] = str(options.headgate.resolve())
    text = ("smtpd_client_connection_count_limit = 0\nsmtpd_timeout = 1h\n"
            "smtpd_tls_security_level = may\nsmtpd_tls_chain_files = $config_directory/chain.pem\n")
    with tempfile.TemporaryDirectory(prefix="headgate-idle-") as directory:
        server = Server(main=text, master="127.0.0.1:0 inet n - n - 0 smtpd\n", directory=directory, start=False)
        make_certificate(server.config)
        with server:
            server.start()
            slope = measure(server, options, client_context() if options.tls else None)
            server.kill()
    kind = "TLS" if options.tls else "plain"
    print(f"{slope:.1f} KB a {kind} session (wanted: at most {WANTED[options.tls]})")
    return 0 if slope <= WANTED[options.tls] else 1


def make_certificate(directory):
    key, certificate = directory / "key", directory / "certificate"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=mx.here.example"], check=True, capture_output=True)
    (directory / "chain.pem").write_text(key.read_text() + certificate.read_text())


def client_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.options |= ssl.OP_NO_TICKET
    return context


if __name__ == "__main__":
    sys.exit(main())
