#!/usr/bin/env python3
"""cidr_agrees_test.py HEADGATE [--seed N] [--tables N | --lookups N]: random cidr: tables and keys, asked of `headgate map` and of postmap.

Values, warnings and their order must be equal. A table that differs is printed with its seed. Exit 77 where postmap is
not installed."""
import argparse
import ipaddress
import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile

KEYS = 250


def address(r, near=None):
    if near and r.random() < .7:
        value = int(near) ^ (1 << r.randrange(near.max_prefixlen)) if r.random() < .7 else int(near)
        return type(near)(value)
    if r.random() < .6:
        return ipaddress.IPv4Address(r.choice([0x0a000000, 0xc0000200, 0x7f000000, 0]) ^ r.getrandbits(r.choice([3, 9, 32])))
    return ipaddress.IPv6Address((0x20010db8 << 96 if r.random() < .5 else 0xffff << 32) ^ r.getrandbits(r.choice([4, 33, 128])))


def spelled(r, a):
    if a.version == 4:
        return str(a)
    if r.random() < .2:
        return '::ffff:' + str(ipaddress.IPv4Address(int(a) & 0xffffffff))
    return r.choice([str(a), a.exploded, str(a).upper()])


def pattern(r, used):
    a = address(r, r.choice(used) if used else None)
    bits = r.randrange(a.max_prefixlen + 1)
    if r.random() < .85:
        a = type(a)(int(a) >> (a.max_prefixlen - bits) << (a.max_prefixlen - bits))
    used.append(a)
    text, mask = spelled(r, a), '/%d' % bits
    if r.random() < .2:
        mask = r.choice(['', '', '/', '/x', '/-1', '/%d' % r.randrange(400), '/0%d' % bits, mask + '/1', '/ 8'])
    return r.choice([text + mask] * 6 + ['[%s]%s' % (text, mask), '[%s%s]' % (text, mask), '[%s%s' % (text, mask),
                                         '[%s]x%s' % (text, mask), text + 'x' + mask])


def line(r, used):
    kind = r.random()
    if kind < .12:
        return r.choice(['if', 'IF', 'If', 'if']) + r.choice([' ', '\t', '!', ' ! ', ' !!', '']) + pattern(r, used) + \
            r.choice(['', '', '', ' text'])
    if kind < .24:
        return r.choice(['endif', 'endif', 'EndIf', 'endif x', 'endif/', 'endifx'])
    if kind < .28:
        return r.choice(['', '# remark', '  ', '\x0b', 'ifx', 'if', '!', ' ', 'foo bar', '!\0', '\0', '1.2.3.4'])
    start = r.choice(['', '', '', '', '!', '! ', '!!', ' '])
    return start + pattern(r, used) + r.choice([' ', '\t', '  ']) + 'v%d' % r.randrange(1000) + \
        r.choice(['', ' two  words', '\r', '\0x', ' \x0c'])


def table(r):
    used = []
    lines = [line(r, used) for _ in range(r.randrange(1, 25))]
    return '\n'.join(lines) + r.choice(['\n', '']), used


def keys(r, used):
    for _ in range(KEYS):
        k = spelled(r, address(r, r.choice(used) if used and r.random() < .9 else None))
        if r.random() < .05:
            k = r.choice(['', 'example.com', '[%s]' % k, k + ' ', k[1:], k + '/32', k + '%lo'])
        yield k


def ask(program, prefix, place, text):
    p = subprocess.run(program + ['-q', '-', 'cidr:t'], input=text.encode('latin-1'), stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, cwd=place, env={'PATH': os.environ.get('PATH', ''), 'MAIL_CONFIG': place})
    return p.returncode, p.stdout, p.stderr.replace(prefix, b'')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('headgate')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--tables', type=int, default=150)
    parser.add_argument('--lookups', type=int, help='so many, %d a table' % KEYS)
    options = parser.parse_args()
    if options.lookups:
        options.tables = -(-options.lookups // KEYS)
    postmap = shutil.which('postmap', path=os.environ.get('PATH', '') + ':/usr/sbin')
    if not postmap:
        print('postmap is not installed')
        return 77
    different = answers = warnings = 0
    with tempfile.TemporaryDirectory() as place:
        with open(os.path.join(place, 'main.cf'), 'w') as f:
            f.write('compatibility_level = 3.7\n')
        for seed in range(options.seed, options.seed + options.tables):
            r = random.Random(seed)
            text, used = table(r)
            with open(os.path.join(place, 't'), 'wb') as f:
                f.write(text.encode('latin-1'))
            asked = '\n'.join(keys(r, used)) + '\n'
            theirs = ask([postmap], b'postmap: ', place, asked)
            ours = ask([os.path.abspath(options.headgate), 'map'], b'headgate: ', place, asked)
            answers += theirs[1].count(b'\n')
            warnings += theirs[2].count(b'\n')
            if theirs != ours:
                different += 1
                print('seed %d differs; exit status %d and %d\n%r' % (seed, theirs[0], ours[0], text))
                for name, a, b in ('values', theirs[1], ours[1]), ('warnings', theirs[2], ours[2]):
                    for x, y in itertools.zip_longest(a.split(b'\n'), b.split(b'\n')):
                        if x != y:
                            print('%s: postmap %r, headgate %r' % (name, x, y))
                            break
    print('%d lookups in %d tables, %d answers, %d warnings, %d tables differ (seeds from %d)' %
          (options.tables * KEYS, options.tables, answers, warnings, different, options.seed))
    return 1 if different or not answers or not warnings else 0


if __name__ == '__main__':
    sys.exit(main())
