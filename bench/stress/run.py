#!/usr/bin/env python3
"""The flood: hostile clients hold a server's slots while one legitimate message a second arrives, each from an address never
seen before. Postfix and headgate one after the other in the same run, with the same slots and the same settings, in a network
namespace of their own (Postfix gives a service that listens on loopback only no stress). README.md says how to read it."""

import argparse
import contextlib
import ipaddress
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "load"))

import processes  # noqa: E402
from servers import Headgate, Missing, Postfix, program  # noqa: E402

BUILD = HERE.parents[1] / "build" / "release" / "bin"
LEAD, TAIL = 5, 15  # seconds of legitimate mail before and after the flood
CALM_LIMIT = 120  # seconds after the flood in which headgate must be calm again

# name: (kind of attacker, clients, slots or None for the default, seconds, attackers' --pace, whether Postfix is measured, main.cf)
SCENARIOS = {
    "idle": ("idle", 500, 20, 300, 1, True, ""),
    "idle-20000": ("idle", 20000, None, 300, 1, False, ""),
    "data": ("data", 500, 20, 60, 1, False, ""),
    "drip": ("drip", 500, 20, 60, 1, False, ""),
    "errors": ("errors", 500, 20, 60, 0.1, False, ""),
    "junk": ("junk", 500, 20, 60, 0.1, False, ""),
    "noop": ("junk", 500, 20, 60, 1, False, ""),
    "hang-up": ("hang-up", 500, 20, 60, 1, False, ""),
    "silent": ("silent", 500, 20, 60, 1, False, ""),
    "tls": ("tls", 500, 20, 60, 1, False, "smtpd_tls_security_level = may\nsmtpd_tls_chain_files = {directory}/tls.pem\n"),
    "dns": ("idle", 500, 20, 60, 1, False, "smtpd_peername_lookup = yes\n"),
}

MAIN = """inet_interfaces = all
mynetworks = 127.0.0.1/32
relay_domains = dest.example
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_peername_lookup = no
"""


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", default=list(SCENARIOS), help=f"of {', '.join(SCENARIOS)}; all")
    parser.add_argument("--seconds", type=float, help="of flood, instead of the scenario's own")
    parser.add_argument("--clients", type=int, help="instead of the scenario's own")
    parser.add_argument("--peers", help="comma-separated, of Postfix and headgate; the scenario's own")
    parser.add_argument("--rate", type=float, default=1, help="legitimate messages a second")
    parser.add_argument("--stress-duration", default="30s", help="headgate's, so that its way back is seen (default of serve: 1000s)")
    parser.add_argument("--headgate", type=pathlib.Path, default=BUILD / "headgate")
    parser.add_argument("--main", default="", help="more lines for both main.cf, separated by ';'")
    parser.add_argument("--keep", action="store_true", help="leave queues and logs where they are")
    parser.add_argument("--json", type=pathlib.Path, help="write all figures there")
    options = parser.parse_args()
    for scenario in options.scenarios:
        if scenario not in SCENARIOS:
            parser.error(f"no scenario {scenario}: choose of {', '.join(SCENARIOS)}")
    return options


def enter_namespaces():
    """Runs this program again where only a loopback is, and where the resolver's address can be a hole."""
    if os.environ.get("HEADGATE_FLOOD_INSIDE"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    if os.getuid() != 0:
        raise SystemExit("run.py: only root can make a network namespace")
    for needed in ("unshare", "ip"):
        if not program(needed):
            raise SystemExit(f"run.py: {needed} is not there (Debian: util-linux, iproute2)")
    os.environ["HEADGATE_FLOOD_INSIDE"] = "yes"
    os.execvp("unshare", ["unshare", "-n", "-m", sys.executable, __file__, *sys.argv[1:]])


def dead_name_server(stack, directory):
    """Everybody asks 127.0.0.1:53, where nobody answers."""
    hole = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    hole.bind(("127.0.0.1", 53))
    config = directory / "resolv.conf"
    config.write_text("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", config, "/etc/resolv.conf"], check=True)
    stack.callback(subprocess.run, ["umount", "/etc/resolv.conf"], check=False)


class Watch(threading.Thread):
    """The server's memory, twice a second."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.most, self.over = server, 0, threading.Event()

    def run(self):
        while not self.over.wait(0.5):
            self.most = max(self.most, processes.pss_kilobytes(self.server.pid) or 0)


def legitimate(options, port, seconds):
    total = LEAD + seconds + TAIL
    command = [BUILD / "bench_load", "--port", port, "--rate", options.rate, "--count", int(options.rate * (total - TAIL)),
               "--sessions", 2000, "--patience", 300, "--limit", total, "--source", "127.200.0.1", "--sources", 65536]
    return subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)


def flood(options, scenario, port, seconds):
    """As many processes as the limit of descriptors asks for; their counts together."""
    kind, clients, _, _, pace, _, _ = SCENARIOS[scenario]
    clients = options.clients or clients
    each = max(resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 100, 100)
    running = []
    for first in range(0, clients, each):
        source = ipaddress.IPv4Address("127.10.0.1") + first
        command = [BUILD / "bench_flood", "--port", port, "--kind", kind, "--clients", min(each, clients - first),
                   "--seconds", seconds, "--pace", pace, "--source", source]
        running.append(subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True))
    met = [json.loads(process.communicate()[0]) for process in running]
    return {name: sum(counts[name] for counts in met) for name in met[0]}


def is_calm(server):
    run = subprocess.run([server.binary, "status", "--json", "-c", str(server.config)], capture_output=True, text=True, check=False)
    return run.returncode == 0 and all(service["stress"] == "calm" for service in json.loads(run.stdout)["services"])


def until_calm(server, since):
    while time.monotonic() - since < CALM_LIMIT:
        if is_calm(server):
            return time.monotonic() - since
        time.sleep(0.5)
    return None


def measure(options, scenario, server):
    seconds = options.seconds or SCENARIOS[scenario][3]
    cpu = processes.cpu_seconds(server.pid)
    watch = Watch(server)
    watch.start()
    good = legitimate(options, server.port, seconds)
    time.sleep(LEAD)
    met = flood(options, scenario, server.port, seconds)
    flood_ended = time.monotonic()
    result = json.loads(good.communicate()[0])
    watch.over.set()
    watch.join()
    figures = {
        "offered": result["accepted"] + result["failed"], "accepted": result["accepted"], "replies": result["replies"],
        "latency": result["transaction_ms"], "attackers": met, "most_pss_mb": watch.most / 1024,
        "cpu_seconds": processes.cpu_seconds(server.pid) - cpu
    }
    if server.name == "headgate":
        figures["calm_after"] = until_calm(server, flood_ended)
    return figures


def certificate(directory):
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mx.dest.example",
               "-keyout", directory / "key.pem", "-out", directory / "cert.pem"]
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    (directory / "tls.pem").write_text((directory / "key.pem").read_text() + (directory / "cert.pem").read_text())


def run_scenario(options, scenario, directory):
    _, _, slots, _, _, beside, more = SCENARIOS[scenario]
    peers = options.peers.split(",") if options.peers else ["Postfix", "headgate"] if beside else ["headgate"]
    results = {}
    for make in (Postfix, Headgate):
        if make.name not in peers:
            continue
        with contextlib.ExitStack() as stack:
            home = directory / f"{make.name}-{scenario}"
            home.mkdir(parents=True)
            if "tls.pem" in more:
                certificate(home)
            if scenario == "dns":
                dead_name_server(stack, home)
            main = MAIN + more.format(directory=home) + options.main.replace(";", "\n") + "\n"
            if slots:
                main += f"default_process_limit = {slots}\n"
            extra = {}
            if make is Headgate:
                main += f"stress_duration = {options.stress_duration}\n"
                extra["binary"] = options.headgate.resolve()
            try:
                server = make(home, {}, main, **extra)
                server.listen, server.port = "0.0.0.0", 2525  # nobody else is here; the attackers' ports are above
                stack.enter_context(server)
            except Missing as why:
                print(f"{make.name}: skipped: {why}", file=sys.stderr)
                continue
            results[make.name] = measure(options, scenario, server)
            print_row(scenario, make.name, results[make.name])
    return results


def print_row(scenario, name, figures):
    latency = figures["latency"]
    calm = figures.get("calm_after")
    print(f"{scenario:11} {name:9} {figures['accepted']:4}/{figures['offered']:<4} accepted  p50 {latency['p50']:8.0f} ms  "
          f"p99 {latency['p99']:8.0f} ms  max {latency['max']:8.0f} ms  Pss {figures['most_pss_mb']:6.0f} MB  "
          f"CPU {figures['cpu_seconds']:6.1f} s" + (f"  calm after {calm:.0f} s" if calm is not None else "") +
          f"  attackers: {figures['attackers']['greeted']} greeted, {figures['attackers']['most_open']} open at most", flush=True)
    if figures["accepted"] < figures["offered"]:
        print(f"            {figures['replies']}", flush=True)


def main():
    options = parse()
    enter_namespaces()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="headgate-flood-"))
    directory.chmod(0o755)  # user postfix has to come through
    results = {}
    try:
        for scenario in options.scenarios:
            results[scenario] = run_scenario(options, scenario, directory)
    finally:
        if options.keep:
            print(f"kept: {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
