#!/usr/bin/env python3
"""map_agrees_test.py HEADGATE [--seed N] [--tables N]: random sources, built by `headgate map` and by postmap, as cdb: and lmdb:.

Warnings and exit status must be equal, the files must hold the same entries (a cdb: to the byte), and each program must find in
the other's file what it finds in its own. What differs is printed with its seed. Exit 77 where postmap is not installed."""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile

KEYS = ['user%d@example.com', 'User%d@Example.COM', 'EXAMPLE%d.org', '192.0.2.%d', '%d', '\u00c4%d', '\u00e4%d', 'stra\u00dfe%d',
        'STRASSE%d', '\u0130stanbul%d', '\u03a3\u03c2%d', 'k%d:', '"quoted %d"', '"Q\\"%d\\\\"', 'back\\ slash%d', 'a"b c"%d', '<>%d', '%d#x', '\U00010400%d']
VALUES = ['REJECT', 'OK', '550 5.7.1 go  away', 'x\ty', '"quoted"', 'back\\slash', '\u00dcmlaut', '#no comment', 'v:', '1', '\x01', '=']
OPTIONS = [[], [], [], ['-w'], ['-r'], ['-wr'], ['-rw'], ['-f'], ['-u'], ['-uf'], ['-N'], ['-n'], ['-Nn'], ['-f', '-N', '-r'], ['-op']]


def entry(r, names):
    key = (r.choice(KEYS) % r.randrange(names)).encode()
    value = ' '.join(r.choice(VALUES) for _ in range(r.choice([1, 1, 1, 2, 5]))).encode()
    if r.random() < .02:
        value += b'y' * r.randrange(200000)
    if r.random() < .03:
        key = key.replace(b'm', b'\xff') + r.choice([b'', b'\xc3', b'\xe2\x82', b'\xed\xa0\x80'])
    return key + r.choice([b' ', b' ', b'\t', b'  ', b' \t ', b'\x0c', b'\x0b', b'\n ', b'\n\t', b'\n# remark\n\n  ']) + value


def line(r, names):
    kind = r.random()
    if kind < .06:
        return r.choice([b'', b'  ', b'\t', b'# remark', b'  # remark', b'#@emergency', b'\x0b'])
    if kind < .12:
        return r.choice([b'  continued', b'\tmore', b' #no', b' x\0y'])
    if kind < .17:
        return r.choice([b'novalue', b'"open v', b'a"', b'x\\', b'\0', b'\0x y', b'k\0 v', b'"" v', b'q" v', b'novalue:', b'k v\0w', b': v'])
    return entry(r, names) + r.choice([b'', b'', b'', b' ', b'\t ', b'\r', b'\x0c'])


def source(r):
    names = r.choice([3, 40, 4000])
    start = r.choice([b'', b'', b' indented first\n', b'\n', b'\xef\xbb\xbf'])
    return start + b'\n'.join(line(r, names) for _ in range(r.randrange(10, 250))) + r.choice([b'\n', b'\n', b'', b'\n\n', b'\n '])


def cdb_entries(data):
    """Key and value of each record, in the order of the file."""
    def number(at):
        return int.from_bytes(data[at:at + 4], 'little')
    end, at, out = min(number(8 * i) for i in range(256)), 2048, []
    while at < end:
        key, value = number(at), number(at + 4)
        at += 8
        out.append((data[at:at + key], data[at + key:at + key + value]))
        at += key + value
    return out


def first_of_each(entries):
    first = {}
    for key, value in entries:
        first.setdefault(key, value)
    return list(first.items())


class Trial:
    def __init__(self, headgate, postmap, place):
        self.programs = {'headgate': [headgate, 'map'], 'postmap': [postmap]}
        self.place, self.differ, self.entries, self.warnings, self.lookups = place, 0, 0, 0, 0
        for name in self.programs:
            os.mkdir(os.path.join(place, name))
        with open(os.path.join(place, 'main.cf'), 'w') as f:
            f.write('compatibility_level = 3.7\n')

    def run(self, program, where, arguments, stdin=b''):
        p = subprocess.run(self.programs[program] + arguments, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           cwd=os.path.join(self.place, where), env={'PATH': os.environ.get('PATH', ''), 'MAIL_CONFIG': self.place})
        return p.returncode, p.stdout, p.stderr.replace(program.encode() + b': ', b'')

    def file(self, where, name):
        with open(os.path.join(self.place, where, name), 'rb') as f:
            return f.read()

    def equal(self, what, label, theirs, ours):
        if theirs == ours:
            return
        self.differ += 1
        print('%s: %s differs' % (label, what))
        for name, a, b in zip(('status', 'output', 'warnings'), theirs, ours) if isinstance(theirs, tuple) else [('bytes', theirs, ours)]:
            if a == b:
                continue
            if isinstance(a, bytes):
                a, b = a.split(b'\n'), b.split(b'\n')
                a, b = next(((x, y) for x, y in zip(a + [None], b + [None]) if x != y), (len(a), len(b)))
            print('  %s: postmap %.300r, headgate %.300r' % (name, a, b))

    def write(self, name, data):
        for where in self.programs:
            with open(os.path.join(self.place, where, name), 'wb') as f:
                f.write(data)

    def both(self, label, arguments, stdin=b''):
        theirs = self.run('postmap', 'postmap', arguments, stdin)
        ours = self.run('headgate', 'headgate', arguments, stdin)
        self.equal(' '.join(arguments), label, theirs, ours)
        self.warnings += theirs[2].count(b'\n')
        return theirs

    def build(self, label, kind, options, data):
        self.write('t', data)
        if self.both(label, options + [kind + ':t'])[0]:
            return
        if kind == 'cdb':
            theirs, ours = (self.file(where, 't.cdb') for where in ('postmap', 'headgate'))
            if ''.join(options).endswith('w'):
                # postmap -w adds what no lookup can find, because a key's first entry answers
                self.equal('the first entries of t.cdb', label, first_of_each(cdb_entries(theirs)), cdb_entries(ours))
            else:
                self.equal('t.cdb', label, theirs, ours)
            self.entries += len(cdb_entries(ours))
        else:
            self.contents(label, kind)

    def contents(self, label, kind):
        """Each program lists both files."""
        theirs = self.run('postmap', 'postmap', ['-s', kind + ':t'])
        for program, where in ('postmap', 'headgate'), ('headgate', 'postmap'), ('headgate', 'headgate'):
            self.equal('-s by %s of the file by %s' % (program, where), label, theirs, self.run(program, where, ['-s', kind + ':t']))
        self.entries += theirs[1].count(b'\n')
        return theirs[1]

    def ask(self, label, kind, options, keys):
        """Each program looks the keys up in both files."""
        asked = b'\n'.join(keys) + b'\n'
        arguments = options + ['-q', '-', kind + ':t']
        theirs = self.run('postmap', 'postmap', arguments, asked)
        for program, where in ('postmap', 'headgate'), ('headgate', 'postmap'), ('headgate', 'headgate'):
            self.equal('-q by %s of the file by %s' % (program, where), label, theirs, self.run(program, where, arguments, asked))
        for form in '-n', '-N':  # with a NUL behind the key, or without: in the same entries
            arguments = options + [form, '-q', '-', kind + ':t']
            theirs, ours = [self.run('postmap', where, arguments, asked) for where in ('postmap', 'headgate')]
            self.equal('%s -q by postmap of both files' % form, label, theirs, ours)
        self.lookups += len(keys)


def some_keys(r, data):
    words = [w for w in data.replace(b'\0', b' ').split() if len(w) < 200]
    keys = r.sample(words, min(len(words), 150))
    keys += [b' '.join(w for w in line.split()[:2]) for line in r.sample(data.split(b'\n'), min(20, data.count(b'\n')))]
    return [k for k in (r.choice([k, k, k.upper(), k.lower(), k + b' ', k[:-1]]) for k in keys) if 0 < len(k) < 400 and b'\0' not in k]


def random_table(trial, seed):
    r = random.Random(seed)
    data, options = source(r), r.choice(OPTIONS)
    for kind in 'cdb', 'lmdb':
        label = 'seed %d %s %s' % (seed, kind, options)
        trial.build(label, kind, options, data)
        trial.ask(label, kind, [o for o in options if o in ('-f', '-u', '-uf')], some_keys(r, data))
    # Of a table with keys of both forms, with a NUL behind and without, postmap sees those of the form that it met first.
    if r.random() < .5 and 'n' not in ''.join(options).lower():
        change(trial, r, 'seed %d lmdb' % seed)


def change(trial, r, label):
    """-i and -d."""
    options = r.choice([[], ['-w'], ['-r'], ['-u'], ['-f']])
    more = b'\n'.join(line(r, 40) for _ in range(r.randrange(40)))
    trial.both(label, ['-i'] + options + ['lmdb:t'], more)
    held = trial.contents(label, 'lmdb')
    keys = [k for k in (row.split(b'\t')[0] for row in held.split(b'\n')) if k]
    gone = r.sample(keys, len(keys) // 2) + [b'nothere', b'"" nothere']
    trial.both(label, ['-d', '-', 'lmdb:t'], b'\n'.join(k.upper() if r.random() < .2 else k for k in gone) + b'\n')
    trial.both(label, ['-d', 'nothere', 'lmdb:t'])
    trial.contents(label, 'lmdb')


def all_of_unicode(trial):
    """Postfix folds with ICU; we with a table."""
    codes = [chr(c) for c in range(0x80, 0x110000) if not 0xd800 <= c < 0xe000 and chr(c).casefold() != chr(c)]
    codes += [chr(c) for c in range(0x80, 0x3000)]
    data = ''.join('x%x%s v\n' % (ord(c), c) for c in codes if not c.isspace() and c.isprintable()).encode()
    trial.build('all of Unicode', 'lmdb', ['-w'], data)


def long_lines(trial):
    trial.build('a value of 10 MB', 'cdb', [], b'short v\nk ' + b'x' * 10000000 + b'\nafter v\n')
    trial.build('a value of 10 MB', 'lmdb', [], b'short v\nk ' + b'x' * 10000000 + b'\nafter v\n')
    trial.build('a key of 10 MB', 'cdb', [], b'short v\n' + b'k' * 10000000 + b' v\nafter v\n')
    trial.build('10 MB of continuation lines', 'cdb', [], b'k\n' + b' x y\n' * 2000000 + b'after v\n')
    trial.write('t', b'short v\n' + b'k' * 512 + b' v\n')
    if [trial.run(p, p, ['lmdb:t'])[0] for p in ('postmap', 'headgate')] != [1, 1]:
        trial.differ += 1
        print('a key too long for lmdb is no error')


def files(trial):
    trial.write('one', b'hello')
    trial.write('two', b'wor\nld\n')
    for kind in 'cdb', 'lmdb':
        trial.build('-F', kind, ['-F'], b'a one, two\nb one\nc nosuch\nd one nosuch\ne ,\nf  \ng two\n')
        trial.ask('-F', kind, ['-F'], [b'a', b'b', b'c'])
        trial.ask('-F', kind, [], [b'a', b'b', b'c'])
    trial.both('-F', ['-F', '-s', 'lmdb:t'])
    trial.build('-F of what is no base64', 'lmdb', [], b'a b!\nb aGVsbG8=\n')
    trial.both('-F of what is no base64', ['-F', '-s', 'lmdb:t'])
    trial.both('-F of what is no base64', ['-F', '-q', 'a', 'lmdb:t'])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('headgate')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--tables', type=int, default=30)
    options = parser.parse_args()
    postmap = shutil.which('postmap', path=os.environ.get('PATH', '') + ':/usr/sbin')
    if not postmap:
        print('postmap is not installed')
        return 77
    with tempfile.TemporaryDirectory() as place:
        trial = Trial(os.path.abspath(options.headgate), postmap, place)
        for seed in range(options.seed, options.seed + options.tables):
            random_table(trial, seed)
        all_of_unicode(trial)
        long_lines(trial)
        files(trial)
    print('%d entries and %d warnings of %d sources, %d keys looked up four ways; %d differences (seeds from %d)' %
          (trial.entries, trial.warnings, options.tables, trial.lookups, trial.differ, options.seed))
    return 1 if trial.differ or not trial.entries or not trial.warnings or not trial.lookups else 0


if __name__ == '__main__':
    sys.exit(main())
