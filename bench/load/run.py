#!/usr/bin/env python3
"""Whole servers side by side: smtp-sink (the floor), Postfix and headgate take the same messages with the same tables, the
same queue on the same disk and the same end (discard:). One round loads each of them in turn; figures are medians over the
rounds with their smallest and largest values, ratios are made within a round. README.md says how to read them."""

import argparse
import contextlib
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

import processes
from servers import Headgate, Missing, Postfix, Sink, until

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build" / "release" / "bin"

# scenario: (rules in each table, grouped by if/endif, messages for Postfix, messages for the others)
SCENARIOS = {
    "none": (0, False, 1000, 2000),
    "100": (100, False, 400, 2000),
    "100.if": (100, True, 500, 2000),
    "1000": (1000, False, 60, 2000),
    "1000.if": (1000, True, 300, 2000),
}
WARM_UP = 40  # messages before the first round: processes are started, tables are read
OPEN_SECONDS = 4

# What issue 4 asks for: (its words, what is divided by what, must, aim). A value is (peer, scenario, figure).
WANTED = [
    ("CPU, 1,000+1,000 flat, Postfix / headgate", ("Postfix", "1000", "cpu"), ("headgate", "1000", "cpu"), 50, 120),
    ("CPU, 1,000+1,000 grouped, Postfix / headgate", ("Postfix", "1000.if", "cpu"), ("headgate", "1000.if", "cpu"), 10, 25),
    ("CPU, Postfix without checks / headgate with 1,000+1,000", ("Postfix", "none", "cpu"), ("headgate", "1000", "cpu"), 1, 3),
    ("rate, headgate with 1,000+1,000 / Postfix without checks", ("headgate", "1000", "rate"), ("Postfix", "none", "rate"), 1, 3),
]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", default=list(SCENARIOS), help=f"of {', '.join(SCENARIOS)}; all")
    parser.add_argument("--data", type=pathlib.Path,
                        help="folder with body_N.pcre, head_N.pcre, the same with .if before .pcre, and messages: mail.mbox, "
                        "eml/*.eml or msgs/*.eml; build/data, which is made by bench/data/generate.py when it is not there")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sessions", type=int, default=10, help="at once, in the closed loop")
    parser.add_argument("--peers", default="smtp-sink,Postfix,headgate", help="comma-separated")
    parser.add_argument("--messages", type=int, help="for each server and round, instead of this script's own numbers")
    parser.add_argument("--rate", type=float, help="of the open loop, messages/s; half of what Postfix can, 0: no open loop")
    parser.add_argument("--directory", type=pathlib.Path, help="where the queues are (a disk, not a tmpfs); a temporary one")
    parser.add_argument("--main", default="", help="more lines for both main.cf, separated by ';'")
    parser.add_argument("--headgate", type=pathlib.Path, default=BUILD / "headgate")
    parser.add_argument("--client", type=pathlib.Path, default=BUILD / "bench_load")
    parser.add_argument("--json", type=pathlib.Path, help="write all figures there")
    options = parser.parse_args()
    for scenario in options.scenarios:
        if scenario not in SCENARIOS:
            parser.error(f"no scenario {scenario}: choose of {', '.join(SCENARIOS)}")
    if not options.client.exists():
        parser.error(f"{options.client} is not there: cmake --preset release -DHEADGATE_BENCH=ON, target bench_load")
    options.data = (options.data or made_data()).resolve()
    options.mail = next((options.data / name for name in ("mail.mbox", "eml", "msgs") if (options.data / name).exists()), None)
    if options.mail is None:
        parser.error(f"no messages in {options.data}: neither mail.mbox nor eml/ nor msgs/")
    return options


def made_data():
    data, generate = BUILD.parents[1] / "data", HERE.parent / "data" / "generate.py"
    if not (data / "mail.mbox").exists() or not (data / "body_1000.if.pcre").exists():
        if not generate.exists():
            raise SystemExit(f"run.py: {generate} is not there: name tables and messages with --data")
        command = [sys.executable, generate, data, "--rules", "100,1000", "--messages", "1000"]
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    return data


def tables_of(scenario, data):
    rules, grouped, _, _ = SCENARIOS[scenario]
    if rules == 0:
        return {}
    suffix = ".if.pcre" if grouped else ".pcre"
    tables = {"header": data / f"head_{rules}{suffix}", "body": data / f"body_{rules}{suffix}"}
    for path in tables.values():
        if not path.exists():
            raise SystemExit(f"run.py: {path} is not there: see --data")
    return {kind: path.resolve() for kind, path in tables.items()}


def load(options, server, count, seed, rate=0):
    """One run of the client; its figures, and what they cost the server until its queue was empty again."""
    command = [options.client, "--port", server.port, "--count", count, "--seed", seed, "--messages", options.mail,
               "--sessions", options.sessions if not rate else 200]
    if rate:
        command += ["--rate", rate, "--poisson"]
    before, cpu = server.delivered(), processes.cpu_seconds(server.pid)
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise SystemExit(f"run.py: {run.stderr}")
    figures = json.loads(run.stdout)
    if before is not None:
        until(lambda: server.delivered() - before >= figures["accepted"], f"{server.name} to empty its queue")
    figures["cpu"] = (processes.cpu_seconds(server.pid) - cpu) / max(figures["accepted"], 1) * 1000
    return figures


def measure(options, scenario, server, number, rate):
    """One server's part of a round."""
    closed = load(options, server, count_of(options, scenario, server), number)
    result = {
        "rate": closed["messages_per_second"], "cpu": closed["cpu"], "p50": closed["conversation_ms"]["p50"],
        "p99": closed["conversation_ms"]["p99"], "failed": closed["failed"], "pss": processes.pss_kilobytes(server.pid),
        "client_cpu": closed["client_cpu_seconds"], "replies": closed["replies"]
    }
    if rate:
        opened = load(options, server, max(int(rate * OPEN_SECONDS), 20), number, rate)
        result |= {"open_rate": rate, "open_p50": opened["transaction_ms"]["p50"], "open_p99": opened["transaction_ms"]["p99"],
                   "open_max": opened["transaction_ms"]["max"]}
        result["failed"] += opened["failed"]
    return result


def count_of(options, scenario, server):
    return options.messages or SCENARIOS[scenario][2 if server.name == "Postfix" else 3]


def start_peers(options, scenario, directory, stack):
    tables = tables_of(scenario, options.data)
    main = "".join(line.strip() + "\n" for line in options.main.split(";") if line.strip())
    running = []
    for make in (Sink, Postfix, Headgate):
        if make.name not in options.peers.split(","):
            continue
        more = {"binary": options.headgate.resolve()} if make is Headgate else {}
        try:
            server = make(directory / f"{make.name}-{scenario}", tables, main, **more)
            running.append(stack.enter_context(server))
        except Missing as why:
            print(f"{make.name}: skipped: {why}", file=sys.stderr)
    if not running:
        raise SystemExit("run.py: no server can be measured")
    return running


def run_scenario(options, scenario, directory):
    """{peer: [a result for each round]}"""
    results = {}
    with contextlib.ExitStack() as stack:
        running = start_peers(options, scenario, directory, stack)
        warm = {server.name: load(options, server, WARM_UP, 99) for server in running}
        pace = warm.get("Postfix") or warm[running[-1].name]
        rate = options.rate
        if rate is None:
            rate = max(round(pace["messages_per_second"] / 2), 2)
        for number in range(1, options.rounds + 1):
            for server in running:
                result = measure(options, scenario, server, number, rate)
                results.setdefault(server.name, []).append(result)
                print(f"  {scenario} round {number}: {server.name}: {result['rate']:.0f} messages/s, "
                      f"{result['cpu']:.2f} CPU s/1,000", file=sys.stderr)
    return results


def spread(values, digits):
    """median [min..max]"""
    return f"{statistics.median(values):.{digits}f} [{min(values):.{digits}f}..{max(values):.{digits}f}]"


def ratios(results, above, below):
    """The quotients round by round of two (peer, scenario, figure); None when one of them is not there."""
    values = []
    for peer, scenario, figure in (above, below):
        if peer not in results.get(scenario, {}):
            return None
        values.append([result[figure] for result in results[scenario][peer]])
    return [a / b for a, b in zip(*values) if b]


def print_scenario(results, scenario):
    rules, grouped, _, _ = SCENARIOS[scenario]
    name = "no checks" if rules == 0 else f"{rules} header + {rules} body rules, {'grouped by if/endif' if grouped else 'flat'}"
    print(f"\n{name}")
    print(f"  {'':10} {'messages/s':>24} {'CPU s/1,000':>22} {'p50 ms':>8} {'p99 ms':>8} {'open loop p50 / p99 ms':>30} {'Pss MB':>7}"
          "  CPU to Postfix")
    for peer, rounds in results[scenario].items():
        column = {key: [result[key] for result in rounds] for key in ("rate", "cpu", "p50", "p99", "pss")}
        opened = ""
        if "open_rate" in rounds[0]:
            middle = {key: statistics.median(result[key] for result in rounds) for key in ("open_p50", "open_p99")}
            opened = f"{middle['open_p50']:.1f} / {middle['open_p99']:.1f} at {rounds[0]['open_rate']:g}/s"
        memory = "" if None in column["pss"] else f"{statistics.median(column['pss']) / 1024:.0f}"
        ratio = ratios(results, ("Postfix", scenario, "cpu"), (peer, scenario, "cpu"))
        less = f"{spread(ratio, 1)}x less" if ratio and peer != "Postfix" else ""
        print(f"  {peer:10} {spread(column['rate'], 0):>24} {spread(column['cpu'], 2):>22} {statistics.median(column['p50']):8.2f}"
              f" {statistics.median(column['p99']):8.2f} {opened:>30} {memory:>7}  {less}")
        failed = sum(result["failed"] for result in rounds)
        if failed:
            print(f"  {peer}: {failed} messages failed: {[result['replies'] for result in rounds]}")


def print_wanted(results):
    print("\nissue 4")
    for words, above, below, must, aim in WANTED:
        ratio = ratios(results, above, below)
        if not ratio:
            continue
        middle = statistics.median(ratio)
        verdict = "aim reached" if middle >= aim else "must reached" if middle >= must else "NOT REACHED"
        print(f"  {words:60} {spread(ratio, 1):>20}x  must {must}x, aim {aim}x: {verdict}")


def main():
    options = parse()
    made = None
    directory = options.directory
    if directory is None:
        directory = made = pathlib.Path(tempfile.mkdtemp(prefix="headgate-load-"))
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)  # user postfix has to come through
    results = {}
    try:
        for scenario in options.scenarios:
            results[scenario] = run_scenario(options, scenario, directory.resolve())
            print_scenario(results, scenario)
    finally:
        if made:
            shutil.rmtree(made, ignore_errors=True)
    print_wanted(results)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
