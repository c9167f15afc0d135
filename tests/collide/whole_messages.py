#!/usr/bin/env python3
"""Whole messages through both servers: headgate beside a private Postfix, the same tables, limits and messages.

  whole_messages.py [--headgate PATH] --messages N --seed N     generated configurations and messages
  whole_messages.py --replay FOLDER…                            failures of earlier runs (tests/collide/found/NAME)

Compared per message: the replies, what cleanup logs, what the next hop gets (envelope and bytes), what is held. Exit 0
all equal, 1 some differ, 77 cannot run here (said on standard error)."""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import re
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / 'whole'))

import client
import mail
import outcome
import servers
import sink
import tables
from case import Case

PER_CASE = 25
PER_ROUND = 12


def make_case(seed, number, place, size):
    """`place` is where the case stands in its round: the senders' domain leads Postfix to the case's own delivery."""
    rng = random.Random('%d.%d' % (seed, number))
    params, files = tables.configuration(rng)
    clean = rng.random() < 0.7
    return Case('seed%d-case%d' % (seed, number), params, files,
                [mail.message(rng, place, clean or rng.random() < 0.5) for _ in range(size)])


class Round:
    """Some cases through both servers at once."""

    def __init__(self, headgate, cases):
        self.headgate, self.cases = headgate, cases

    def run(self):
        """[(startup of Postfix, startup of headgate, outcomes of Postfix, outcomes of headgate)], one a case."""
        base = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None  # both fsync much; this is about answers
        directory = tempfile.mkdtemp(prefix='headgate-collide-', dir=base)
        os.chmod(directory, 0o755)
        started = []
        try:
            return self.run_in(pathlib.Path(directory), started)
        finally:
            for server in started:
                server.stop()
            servers.remove(directory)

    def run_in(self, directory, started):
        hop = sink.Sink()
        folders = [directory / 'tables' / str(i) for i in range(len(self.cases))]
        for case, folder in zip(self.cases, folders):
            servers.write_tables(case, folder, hop)
        gates = []
        for i, case in enumerate(self.cases):
            gates.append(servers.Headgate(self.headgate, directory / ('headgate%d' % i), case, folders[i], hop))
            started.append(gates[-1])
        postfix = servers.Postfix(directory / 'postfix', self.cases, folders, hop)
        started.append(postfix)
        for gate in gates:
            gate.wait()
        ports = postfix.ports + [gate.port for gate in gates]
        with concurrent.futures.ThreadPoolExecutor(len(ports)) as pool:
            jobs = [pool.submit(client.deliver_all, port, case.messages)
                    for port, case in zip(ports, self.cases + self.cases)]
            replies = [job.result() for job in jobs]
        postfix.settle()
        for gate in gates:
            gate.settle()
        general = postfix.general_log()
        results = []
        for i, gate in enumerate(gates):
            lines = postfix.case_log(i)
            a = outcome.collect(replies[i], lines, lines + general, hop.deliveries, lambda q, i=i: postfix.held(i, q))
            lines = gate.case_log()
            b = outcome.collect(replies[len(gates) + i], lines, lines, hop.deliveries, gate.held)
            results.append((a[0], b[0], a[1], b[1]))
        hop.close()
        return results


def differences(result):
    """[(message number, what, text)]"""
    found = []
    for i, (a, b) in enumerate(zip(result[2], result[3])):
        found += [(i, what, text) for what, text in outcome.compare(a, b)]
    return found


def kind(what, text):
    """Differences of one kind have one cause, more or less: the report counts kinds and shows a few of each."""
    lines = [line.strip() for line in text.split('\n')]
    if what in ('log', 'delivery_log', 'replies'):
        words = {re.sub(r'\d+|<.*|@.*|".*', '', ' '.join(line.split(' ')[:5])) for line in lines}
        return what + ': ' + ' | '.join(sorted(words)[:3])
    if 'bytes' in what:
        names = re.findall(r'([A-Za-z-]+): ', text)
        return '%s near %s' % (what, names[-1] if names else '?')
    return what


class Report:
    def __init__(self, options):
        self.options = options
        self.counts, self.kinds = collections.Counter(), collections.Counter()

    def add(self, case, result):
        counts = self.counts
        counts['messages'] += len(case.messages)
        for o in result[2]:
            counts['reply ' + o.replies[-1][:3]] += 1
            counts['delivered'] += bool(o.delivered)
            counts['held'] += o.held is not None
            counts['log lines'] += len(o.log)
        if result[0] != result[1]:
            counts['start-ups that differ'] += 1
            self.show(case, None, 'start', '\n'.join(['    P ' + x for x in result[0] if x not in result[1]] +
                                                     ['    h ' + x for x in result[1] if x not in result[0]]) or 'other order')
        found = differences(result)
        counts['different'] += len({i for i, _, _ in found})
        for i, what, text in found:
            self.show(case, i, what, text)

    def show(self, case, i, what, text):
        name = kind(what, text)
        self.kinds[name] += 1
        if self.kinds[name] > self.options.show:
            return
        print('--- %s, message %s: %s\n%s' % (case.name, i, what, text))
        if self.options.full:
            print(case.main_cf(), end='')
            for file, table in case.tables.items():
                print('%s:\n  %s' % (file, table.decode('latin-1').rstrip().replace('\n', '\n  ')))
            if i is not None:
                m = case.messages[i]
                print('from %s to %s %s\n  %s' % (m.sender, m.recipients, m.body,
                                                 repr(m.content[:2000]).replace('\\r\\n', '\\r\\n\n  ')))

    def finish(self, seconds):
        counts = self.counts
        print('\n'.join('%6d  %s' % (n, name) for name, n in self.kinds.most_common()))
        print(', '.join('%s %d' % item for item in sorted(counts.items())))
        print('seed %d: %d messages, %d differences; %.0f s, %.0f messages a second through both' % (
            self.options.seed, counts['messages'], counts['different'], seconds, counts['messages'] / seconds))
        return 1 if self.kinds else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--headgate', default=os.environ.get('HEADGATE', str(HERE.parents[1] / 'build/release/bin/headgate')))
    parser.add_argument('--messages', type=int, default=300)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--case', type=int, help='only this case of the seed')
    parser.add_argument('--show', type=int, default=2, help='how many differences of a kind to print')
    parser.add_argument('--full', action='store_true', help='print configuration and message too')
    options = parser.parse_args()
    servers.require()
    begun = time.monotonic()
    report = Report(options)
    wanted = [options.case] if options.case is not None else range((options.messages + PER_CASE - 1) // PER_CASE)
    for start in range(0, len(wanted), PER_ROUND):
        cases = [make_case(options.seed, number, place, PER_CASE)
                 for place, number in enumerate(wanted[start:start + PER_ROUND])]
        for case, result in zip(cases, Round(options.headgate, cases).run()):
            report.add(case, result)
    return report.finish(time.monotonic() - begun)


if __name__ == '__main__':
    sys.exit(main())
