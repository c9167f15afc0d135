#!/usr/bin/env python3
"""types_agree_test.py HEADGATE [--seed N] [--tables N]: tables in tables, inline:, static:, texthash: and the system's tables, asked
of `headgate map` and of postmap.

Values, exit status, warnings and errors must be equal. A table that differs is printed with its seed. Exit 77 where postmap is
not installed."""
import argparse
import concurrent.futures
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading

WORDS = ['k', 'l', 'K', 'm', 'a@b.example', 'x', '10.1.2.3', '10.9.9.9', 'ü', '']
KEYS = ['k', 'K', 'l', 'm', 'a@B.example', 'x', '10.1.2.3', '10.200.0.1', 'ü', 'nobody', 'root', 'a b', '"q k"', '"q', 'b\\ c', '', 'k=', '\xff']


def pair(r):
    key, value = r.choice(WORDS[:-1]), r.choice(WORDS + ['two words', '{b}', '\xff', ' '])
    kind = r.random()
    if kind < .5:
        return '%s=%s' % (key, value.replace(' ', ''))
    if kind < .9:
        return '{%s %s %s}' % (key, '=', value)
    return r.choice(['{k = v}x', '{}', '=', 'k', '{ = v}', '"k=v', '{"q k" = v}', 'k=="', '{k = {v w}}', 'k={v w}', '{k}'])


def leaf(r, place, text):
    kind = r.randrange(11)
    if kind < 3:
        return 'inline:{%s}' % r.choice([', ', ' ', ',']).join(pair(r) for _ in range(r.randrange(1, 5)))
    if kind == 3:
        return 'static:' + r.choice(['v', '{v w}', '{ v w }', 'k', '{}', '{{v}}', '{v}w', '{v', 'V', '\xff', 'ü', '}'])
    if kind == 4:
        return 'texthash:' + text
    if kind == 5:
        return 'cidr:%s/cidr' % place
    if kind == 6:
        return r.choice(['cidr:{{10.0.0.0/8 k}}', 'regexp:{{/^(k|m)$/ <$1>}}', 'regexp:{{!/x/ l}, {/x/ X}}', 'regexp:%s/none' % place,
                         'texthash:%s/none' % place])
    if kind == 7:
        return r.choice(['fail:x', 'randmap:{v}', 'randmap:{{v w}}', 'randmap:{v', 'randmap:{}', 'randmap:{k,k}', 'randmap:v'])
    if kind == 8:
        return r.choice(['unix:passwd.byname', 'unix:group.byname', 'environ:x', 'unix:none', 'none:x', 'unionmap:{static}', ':', 'inline:', ''])
    return 'inline:{k=l, l=m, m=%s, {x = 10.1.2.3}, 10.1.2.3=k}' % r.choice(WORDS)


def combined(r, place, text, depth):
    if depth == 0 or r.random() < .3:
        return leaf(r, place, text)
    kind = r.choice(['unionmap', 'pipemap'])
    items = r.choice([', ', ' ', ',', ' , ']).join(combined(r, place, text, depth - 1) for _ in range(r.randrange(1, 4)))
    return '%s:%s' % (kind, r.choice(['{%s}'] * 12 + ['{ %s }', '{%s', '%s', '{%s}x', '{{%s}}', ' {%s}']) % items)


def line(r):
    key = r.choice(['k', 'l', 'K', 'm', '"q k"', '"q', 'b\\ c', 'a@b.example', 'key:', 'ü', '\xff', '#', ' ', '\\"x', 'a\\'])
    return r.choice(['', '', '', ' ', '\t']) + key + r.choice([' ', '\t', '  ', '']) + r.choice(['v', 'two  words ', '"v"', '', 'l', '\xff', '\r'])


class Comparison:
    def __init__(self, headgate, postmap, place):
        self.programs = ([postmap], b'postmap: '), ([headgate, 'map'], b'headgate: ')
        self.place = place
        self.lock = threading.Lock()
        self.lookups = self.answers = self.errors = self.different = 0
        self.environment = {'PATH': os.environ.get('PATH', ''), 'MAIL_CONFIG': place, 'k': 'from the environment', 'x': '', 'ä': 'umlaut', 'ss': 'sharp'}

    def run(self, program, prefix, words, keys):
        p = subprocess.run(program + words, input=keys, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.place, env=self.environment)
        said = re.sub(rb': query error.*', b': query error', p.stderr.replace(prefix, b''))
        # A line is shown without the white space at its end, which is no part of anything.
        said = re.sub(rb'[ ?]+([\'"] -- ignoring this line)', rb'\1', said)
        # A table that stands twice is opened once by Postfix, and complained about once.
        said = b'\n'.join(dict.fromkeys(said.split(b'\n')))
        # postmap loses what it has buffered when it ends with an error.
        return p.returncode, b'' if b'fatal: ' in said else p.stdout, said

    def ask(self, words, keys, what):
        answers = [self.run(program, prefix, words, keys) for program, prefix in self.programs]
        with self.lock:
            self.lookups += 1
            self.answers += answers[0][1].count(b'\n')
            self.errors += answers[0][2].count(b'\n')
            if answers[0] == answers[1]:
                return
            self.different += 1
            print('%s differs: %r %r\npostmap  %r\nheadgate %r' % (what, words, keys[:100], *(tuple(x[:600] if isinstance(x, bytes) else x for x in a) for a in answers)), flush=True)


def coded(text):
    return text.encode('utf-8').replace('\xff'.encode(), b'\xff')


def one_seed(compare, seed):
    r = random.Random(seed)
    path = os.path.join(compare.place, 'text%d' % seed)
    with open(path, 'wb') as f:
        f.write(coded('\n'.join(line(r) for _ in range(r.randrange(8)))))
    os.utime(path, (1, 1))  # postmap waits for a file that is new to settle
    flags = r.choice([[], [], ['-f']])
    spec = coded(combined(r, compare.place, path, 3))
    for key in r.sample(KEYS, 3):  # a key a run: where one fails the others are not asked
        compare.ask(flags + ['-q', '-', spec], coded(key) + b'\n', 'seed %d' % seed)
    compare.ask(flags + ['-q', '-', 'texthash:' + path], coded('\n'.join(KEYS) + '\n'), 'seed %d' % seed)
    form = r.choice(['inline:{%s}', 'inline:{ %s }', 'inline:{%s', 'inline:%s'])
    spec = coded(form % ', '.join(pair(r) for _ in range(r.randrange(4))))
    compare.ask(flags + ['-q', '-', spec], coded('\n'.join(KEYS) + '\n'), 'seed %d' % seed)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('headgate')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--tables', type=int, default=150)
    options = parser.parse_args()
    postmap = shutil.which('postmap', path=os.environ.get('PATH', '') + ':/usr/sbin')
    if not postmap:
        print('postmap is not installed')
        return 77
    with tempfile.TemporaryDirectory() as place:
        with open(os.path.join(place, 'main.cf'), 'w') as f:
            f.write('compatibility_level = 3.7\nmyhostname = h.example\n')
        with open(os.path.join(place, 'cidr'), 'w') as f:
            f.write('10.1.0.0/16 l\n10.0.0.0/8 wide net\n')
        compare = Comparison(os.path.abspath(options.headgate), postmap, place)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            for job in [pool.submit(one_seed, compare, seed) for seed in range(options.seed, options.seed + options.tables)]:
                job.result()
        for flags in [], ['-f'], ['-u']:
            compare.ask(flags + ['-q', '-', 'environ:x'], coded('ä\nÄ\nß\nẞ\nK\n'), 'case of the environment')
        # Ten megabytes in a line.
        big = b'k ' + b'v' * 10_000_000 + b'\n' + b'K' * 10_000_000 + b' long key\nl after\n'
        for name, text in (('big', big), ('bignet', b'10.0.0.0/8 ' + big[2:10_000_003] + b'9' * 10_000_000 + b' x\n10.1.0.0/8\n11.0.0.0/8 after\n'),
                           ('joined', b'k v\n' + b' w\n' * 1_000_000)):
            path = os.path.join(place, name)
            with open(path, 'wb') as f:
                f.write(text)
            os.utime(path, (1, 1))
        for spec, keys in (('texthash:big', b'k\nl\n' + b'k' * 10_000_000 + b'\n'), ('cidr:bignet', b'10.1.1.1\n11.1.1.1\n'), ('texthash:joined', b'k\n')):
            compare.ask(['-q', '-', spec], keys, spec)
        print('%d runs, %d answers, %d complaints, %d differ (seeds from %d)' %
              (compare.lookups, compare.answers, compare.errors, compare.different, options.seed))
        return 1 if compare.different or not compare.answers or not compare.errors else 0


if __name__ == '__main__':
    sys.exit(main())
