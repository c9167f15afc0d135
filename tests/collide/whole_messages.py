#!/usr/bin/env python3
"""Whole messages through both servers: headgate beside a private Postfix, the same tables, limits and messages.

  whole_messages.py [--headgate PATH] --messages N --seed N     generated configurations and messages
  whole_messages.py --replay FOLDER…                            failures of earlier runs (tests/collide/found/NAME)

Compared per message: the replies, what cleanup logs, what the next hop gets (envelope and bytes), what is held. Exit 0
all equal, 1 some differ, 77 cannot run here (said on standard error)."""
import argparse
import collections
import json
import os
import pathlib
import random
import re
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / 'whole'))

import mail
import outcome
import rounds
import servers
import shrink
import tables
from case import Case

PER_CASE = 25
PER_ROUND = 12


def make_case(seed, number, size):
    rng = random.Random('%d.%d' % (seed, number))
    params, files, local = tables.configuration(rng)
    clean = rng.random() < 0.7
    return Case('seed%d-case%d' % (seed, number), params, files,
                [mail.message(rng, clean or rng.random() < 0.5, local) for _ in range(size)])


def differences(result):
    """[(message number, what, text)]; the number is None for what they say when they start."""
    found = []
    if result.postfix_start != result.headgate_start:
        found.append((None, 'start', outcome.line_difference(result.postfix_start, result.headgate_start)))
    for i, (a, b) in enumerate(zip(result.postfix, result.headgate)):
        found += [(i, what, text) for what, text in outcome.compare(a, b)]
    return found


def outcome_kinds(result):
    return {kind(what, text) for _, what, text in differences(result)}


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
        self.failing = []
        self.counts, self.kinds = collections.Counter(), collections.Counter()

    def add(self, case, result):
        counts = self.counts
        counts['messages'] += len(case.messages)
        for o in result.postfix:
            counts['reply ' + o.replies[-1][:3]] += 1
            counts['delivered'] += bool(o.delivered)
            counts['held'] += o.held is not None
            counts['log lines'] += len(o.log)
        found = differences(result)
        counts['different'] += len({i for i, _, _ in found})
        for i, what, text in found:
            self.show(case, i, what, text)

    def show(self, case, i, what, text):
        name = kind(what, text)
        if not re.search(self.options.only, name):
            return
        self.kinds[name] += 1
        if self.kinds[name] > self.options.show:
            return
        print('--- %s, message %s: %s\n%s' % (case.name, i, what, text))
        if self.options.shrink > len(self.failing) and i is not None and self.kinds[name] == 1:
            self.failing.append((case.copy(messages=[case.messages[i]]), name))
        if self.options.full:
            self.print_case(case, i)

    @staticmethod
    def print_case(case, i):
        print(case.main_cf(), end='')
        for file, table in case.tables.items():
            print('%s:\n  %s' % (file, table.decode('latin-1').rstrip().replace('\n', '\n  ')))
        if i is not None:
            m = case.messages[i]
            text = repr(m.content[:2000]).replace('\\r\\n', '\\r\\n\n  ')
            print('from %s to %s %s\n  %s' % (m.sender, m.recipients, m.options, text))

    def shrink(self):
        """Each kept failure becomes a folder with the smallest case of its kind and Postfix's outcome."""
        for number, (case, name) in enumerate(self.failing):
            def fails(cases):
                results = rounds.run(self.options.headgate, cases)
                return [name in outcome_kinds(result) for result in results]
            small = shrink.shrink(case, fails)
            result = rounds.run(self.options.headgate, [small])[0]
            folder = pathlib.Path(self.options.found) / ('%s-%d' % (case.name, number))
            small.write(folder)
            (folder / 'expected.json').write_text(json.dumps(outcome.to_json(result.postfix_start, result.postfix), indent=1))
            print('=== %s: %s' % (folder, name))
            self.print_case(small, 0)
            for i, what, text in differences(result):
                print('message %s, %s\n%s' % (i, what, text))

    def finish(self, seconds):
        counts = self.counts
        print('\n'.join('%6d  %s' % (n, name) for name, n in self.kinds.most_common()))
        print(', '.join('%s %d' % item for item in sorted(counts.items())))
        print('seed %d: %d messages, %d differences; %.0f s, %.0f messages a second through both' % (
            self.options.seed, counts['messages'], counts['different'], seconds, counts['messages'] / seconds))
        return 1 if self.kinds else 0


def replay(options):
    """Each folder through headgate, and through Postfix where it can start, against what Postfix did when it was found."""
    cases = [Case.read(folder) for folder in options.replay]
    with_postfix = servers.why_not() is None
    failed = 0
    for start in range(0, len(cases), PER_ROUND):
        batch = cases[start:start + PER_ROUND]
        for case, folder, result in zip(batch, options.replay[start:], rounds.run(options.headgate, batch, with_postfix)):
            expected = outcome.from_json(json.loads((pathlib.Path(folder) / 'expected.json').read_text()))
            sides = [('headgate', result.headgate_start, result.headgate)]
            if with_postfix:
                sides.append(('Postfix itself', result.postfix_start, result.postfix))
            for name, begun, outcomes in sides:
                found = differences(rounds.Result(expected[0], begun, expected[1], outcomes))
                failed += bool(found)
                for i, what, text in found:
                    print('%s, message %s, %s: P expected, h %s\n%s' % (case.name, i, what, name, text))
    print('%d cases replayed%s, %d failed' % (len(cases), '' if with_postfix else ' without Postfix', failed))
    return 1 if failed else 0


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the servers are stopped on the way out
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--headgate', default=os.environ.get('HEADGATE', str(HERE.parents[1] / 'build/release/bin/headgate')))
    parser.add_argument('--messages', type=int, default=300)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--case', type=int, help='only this case of the seed')
    parser.add_argument('--show', type=int, default=2, help='how many differences of a kind to print')
    parser.add_argument('--shrink', type=int, default=0, help='make small, and write down, the first N kinds of failure')
    parser.add_argument('--found', default='found', help='where they are written')
    parser.add_argument('--replay', nargs='+', metavar='FOLDER')
    parser.add_argument('--only', default='', help='differences whose kind this expression matches')
    parser.add_argument('--full', action='store_true', help='print configuration and message too')
    options = parser.parse_args()
    if options.replay:
        return replay(options)
    reason = servers.why_not()
    if reason:
        print('SKIP:', reason, file=sys.stderr)
        return 77
    begun = time.monotonic()
    report = Report(options)
    wanted = [options.case] if options.case is not None else range((options.messages + PER_CASE - 1) // PER_CASE)
    for start in range(0, len(wanted), PER_ROUND):
        cases = [make_case(options.seed, number, PER_CASE) for number in wanted[start:start + PER_ROUND]]
        for case, result in zip(cases, rounds.run(options.headgate, cases)):
            report.add(case, result)
    report.shrink()
    return report.finish(time.monotonic() - begun)


if __name__ == '__main__':
    sys.exit(main())
