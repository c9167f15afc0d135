#!/usr/bin/env python3
"""headgate against Postfix: every (table, mode, input) must give the same exit status, output and warnings.

  collide.py --driver PATH [--seed N] [--scale K] [--postmap P]   tables and messages made by the shared oracle's
                                                                  generators, some of them damaged
  collide.py --driver PATH --corpus [--mails N] [--modes hbm]     published tables, real mail (0: all of it,
                                                                  each mail for 25 of the tables)
  collide.py --driver PATH --own                                  our own tables and messages, against postmap itself
  collide.py --driver PATH --dirs TABLES INPUTS                   two directories

The truth is Debian's Postfix: its libraries in process (oracle.py; --postmap P puts a share P of the cases to
real postmap runs as well), or postmap processes with --own. The driver answers on two paths, scan + confirm and
confirm alone; both must be right. Exit 0 all equal, 1 some differ, 77 cannot run here (said on standard error).
The shared material is found at HEADGATE_SHARED, else ../shared beside the checkout."""
import argparse
import concurrent.futures
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MODES = ['h', 'b', 'hb', 'hm', 'bm', 'hbm']
FIELDS = ('rc', 'out', 'warn')


def skip(reason):
    print('SKIP:', reason, file=sys.stderr)
    sys.exit(77)


def find_shared():
    path = os.environ.get('HEADGATE_SHARED') or os.path.join(HERE, '..', '..', '..', 'shared')
    if not os.path.exists(os.path.join(path, 'oracle', 'oracle.py')):
        skip('the shared oracle is not here (set HEADGATE_SHARED)')
    return os.path.abspath(path)


def find_postmap():
    path = shutil.which('postmap', path=os.environ.get('PATH', '') + ':/usr/sbin')
    if not path:
        skip('postmap is not installed (./dev setup test installs it)')
    return path


def lines(data):
    parts = data.decode('latin-1').split('\n')
    return parts[:-1] if parts[-1] == '' else parts


def run_postmap(postmap, conf, tables, table, mode, data):
    """One postmap process: (rc, out, warn) as the oracle writes them."""
    name = table.rsplit('.', 1)
    spec = open(os.path.join(tables, table)).read().strip() if name[1] == 'inline' else '%s:%s' % (name[1], table)
    words = [postmap, '-c', conf] + (['-' + mode] if mode != 'q' else []) + ['-q', '-', spec]
    p = subprocess.run(words, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tables)
    return {'rc': p.returncode, 'out': lines(p.stdout),
            'warn': [l[9:] if l.startswith('postmap: ') else l for l in lines(p.stderr)]}


class Collider:
    def __init__(self, options, shared, conf, work):
        self.options, self.shared, self.conf, self.work = options, shared, conf, work
        self.cases = self.differences = self.shown = 0

    def oracle(self, *words):
        subprocess.run([sys.executable, os.path.join(self.shared, 'oracle', words[0])] + list(words[1:]), check=True,
                       stderr=subprocess.DEVNULL if words[0] != 'oracle.py' else None, stdout=subprocess.DEVNULL)

    def truth(self, tables, inputs, out):
        share = self.options.postmap
        words = ['-e', 'both', '--sample', str(share)] if share else ['-e', 'lib']
        if self.options.modes:
            words += ['--modes', self.options.modes]
        self.oracle('oracle.py', '-j', str(self.options.jobs), '-c', self.conf, *words, '-o', out, tables, inputs)
        return open(out)

    def postmap_truth(self, tables, inputs):
        """The same records from postmap processes; they cost 5 ms each, so a message meets a table in one mode
        only, another from pair to pair."""
        postmap = find_postmap()
        pairs = [(t, i) for t in sorted(os.listdir(tables)) for i in sorted(os.listdir(inputs))][::self.options.every]
        cases = [(t, i, m) for n, (t, i) in enumerate(pairs)
                 for m in (['q'] if i.endswith('.keys') else [MODES[n % 6]])]

        def one(case):
            table, name, mode = case
            data = open(os.path.join(inputs, name), 'rb').read()
            return dict(table=table, mode=mode, input=name, **run_postmap(postmap, self.conf, tables, table, mode, data))
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            return [json.dumps(r) for r in pool.map(one, cases)]

    def drive(self, tables, inputs, out, modes=None):
        words = [self.options.driver, tables, inputs, '-c', self.conf, '-o', out]
        p = subprocess.run(words + (['--modes', modes] if modes else []), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if p.returncode:
            print('the driver ended with status %d: %s' % (p.returncode, p.stdout.decode('latin-1')[-2000:]))
            self.differences += 1
        return open(out)

    def compare(self, title, tables, inputs, truth):
        """Holds the driver's answers against the truth and tells the result."""
        actual = {}
        for line in self.drive(tables, inputs, os.path.join(self.work, 'actual.jsonl'), self.options.modes):
            record = json.loads(line)
            actual.setdefault((record['table'], record['mode'], record['input']), {})[record['path']] = record
        cases = different = 0
        for line in truth:
            expected = json.loads(line)
            cases += 1
            key = (expected['table'], expected['mode'], expected['input'])
            answers = actual.pop(key, {})
            wrong = [p for p in ('scan', 'confirm') if not same(expected, answers.get(p))]
            if wrong:
                different += 1
                self.show(tables, inputs, key, expected, answers, wrong)
        self.cases += cases
        self.differences += different
        print('%s: %d cases on each of 2 paths, %d differ' % (title, cases, different), flush=True)

    def show(self, tables, inputs, key, expected, answers, wrong):
        self.shown += 1
        if self.shown > self.options.show:
            return
        print('DIFF table %s mode %s input %s, wrong on: %s' % (key + (' and '.join(wrong),)))
        answer = answers.get(wrong[0])
        for field in FIELDS:
            if answer is None or answer[field] != expected[field]:
                print('  %-5s expected %s' % (field, first_difference(expected, answer, field)[0]))
                print('        actual   %s' % first_difference(expected, answer, field)[1])
        if self.options.shrink and answer is not None:
            self.shrink(tables, inputs, key, wrong[0])

    def shrink(self, tables, inputs, key, path):
        """Drops lines of table and input while headgate and postmap still differ, and prints what is left."""
        table, mode, name = key
        postmap = find_postmap()
        place = tempfile.mkdtemp(dir=self.work)
        t, i = os.path.join(place, 't'), os.path.join(place, 'i')
        os.mkdir(t)
        os.mkdir(i)
        texts = [open(os.path.join(tables, table), 'rb').read().split(b'\n'),
                 open(os.path.join(inputs, name), 'rb').read().split(b'\n')]

        def differ():
            for where, parts in ((os.path.join(t, table), texts[0]), (os.path.join(i, name), texts[1])):
                with open(where, 'wb') as f:
                    f.write(b'\n'.join(parts))
            answers = [json.loads(l) for l in self.drive(t, i, os.path.join(place, 'o'), mode)]
            answer = [a for a in answers if a['path'] == path]
            return not same(run_postmap(postmap, self.conf, t, table, mode, b'\n'.join(texts[1])), answer[0] if answer else None)
        tries = 0
        for n in (0, 1):
            size = max(1, len(texts[n]) // 2)
            while tries < 300:
                at = 0
                while at < len(texts[n]) and tries < 300:
                    whole = texts[n]
                    texts[n] = whole[:at] + whole[at + size:]
                    tries += 1
                    if not differ():
                        texts[n] = whole
                        at += size
                if size == 1:
                    break
                size //= 2
        if differ():
            print('  smallest: table %r' % b'\n'.join(texts[0]))
            print('            input %r' % b'\n'.join(texts[1]))


def same(expected, answer):
    return answer is not None and all(answer[f] == expected[f] for f in FIELDS)


def first_difference(expected, answer, field):
    if answer is None:
        return json.dumps(expected[field])[:400], 'missing'
    x, y = expected[field], answer[field]
    if field == 'rc':
        return x, y
    n = next((k for k, (p, q) in enumerate(zip(x, y)) if p != q), min(len(x), len(y)))
    return ['line %d of %d: %s' % (n + 1, len(v), json.dumps(v[n])[:400] if n < len(v) else 'none') for v in (x, y)]


def generated(c):
    """As the oracle's selftest: clean tables and mail with some mistakes, damaged tables, damaged mail."""
    o, w = c.options, c.work
    n = lambda k, least=1: str(max(least, int(k * o.scale)))
    seed = str(o.seed)
    p = lambda name: os.path.join(w, name)
    c.oracle('gen_tables.py', '--seed', seed, '--count', n(40, 6), '--broken', '.2', p('T'))
    c.oracle('gen_messages.py', '--seed', seed, '--count', n(80, 10), '--keys', '8', '--weird', '.2', p('M'))
    c.oracle('mutate.py', '--seed', seed, '--count', n(400), p('T'), p('TX'))
    c.oracle('gen_messages.py', '--seed', str(o.seed + 1), '--count', '12', '--keys', '2', '--weird', '.2', p('MS'))
    c.oracle('mutate.py', '--seed', seed, '--count', n(3000), p('M'), p('MX'))
    os.mkdir(p('TU'))
    with open(p('TU/u.pcre'), 'w') as f:
        f.write('/^/ K\n')
    for title, t, i in (('generated tables, generated messages', 'T', 'M'), ('damaged tables', 'TX', 'MS'),
                        ('damaged messages, a table that matches all', 'TU', 'MX')):
        c.compare(title, p(t), p(i), c.truth(p(t), p(i), p('expected.jsonl')))


def corpus(c):
    """Every published table as pcre: and as regexp:, against a sample of real mail, another one for each 25 tables; or
    against all of it, dealt out among them."""
    rng = random.Random(c.options.seed)
    source = os.path.join(c.shared, 'corpus', 'tables', 'dev')
    mails = [os.path.join(d, f) for d, _, fs in sorted(os.walk(os.path.join(c.shared, 'corpus', 'mail', 'dev')))
             for f in sorted(fs) if f.endswith('.eml')]
    names = sorted(os.listdir(source))
    chunk, at_once = 25, 400  # tables and mails at a time, to bound the memory that the records take
    for start in range(0, len(names), chunk):
        t = tempfile.mkdtemp(dir=c.work)
        for name in names[start:start + chunk]:
            for kind in ('pcre', 'regexp'):
                shutil.copy(os.path.join(source, name), os.path.join(t, '%s.%s' % (name, kind)))
        sample = rng.sample(mails, c.options.mails) if c.options.mails else mails[start // chunk::(len(names) + chunk - 1) // chunk]
        for first in range(0, len(sample), at_once):
            m = tempfile.mkdtemp(dir=c.work)
            for k, mail in enumerate(sample[first:first + at_once]):
                shutil.copy(mail, os.path.join(m, '%05d-%s' % (first + k, os.path.basename(mail))))
            c.compare('corpus tables %d to %d of %d, mails %d to %d of %d' % (
                start + 1, min(start + chunk, len(names)), len(names), first + 1, min(first + at_once, len(sample)), len(sample)),
                t, m, c.truth(t, m, os.path.join(c.work, 'expected.jsonl')))
            shutil.rmtree(m)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('--driver', required=True)
    a.add_argument('--seed', type=int, default=1)
    a.add_argument('--scale', type=float, default=1.0, help='1 = some 67,000 cases')
    a.add_argument('--postmap', type=float, default=0.0, metavar='P')
    a.add_argument('--corpus', action='store_true')
    a.add_argument('--mails', type=int, default=6, help='for each 25 tables; 0: all, dealt out among them')
    a.add_argument('--modes', help='h,b,hb,hm,bm,hbm,q: only these')
    a.add_argument('--own', action='store_true')
    a.add_argument('--every', type=int, default=1, metavar='N', help='with --own: only every Nth pair')
    a.add_argument('--dirs', nargs=2, metavar=('TABLES', 'INPUTS'))
    a.add_argument('--jobs', type=int, default=2)
    a.add_argument('--show', type=int, default=5, help='differences printed')
    a.add_argument('--no-shrink', dest='shrink', action='store_false')
    a.add_argument('--keep', action='store_true', help='leave the generated files for a look')
    o = a.parse_args()
    o.driver = os.path.abspath(o.driver)
    shared = None if o.own else find_shared()
    work = tempfile.mkdtemp(prefix='collide-')
    conf = os.path.join(work, 'conf')
    os.mkdir(conf)
    with open(os.path.join(conf, 'main.cf'), 'w') as f:
        f.write('compatibility_level = 3.7\nmaillog_file =\n')
    print('seed %d, scale %g, files in %s' % (o.seed, o.scale, work), flush=True)
    c = Collider(o, shared, conf, work)
    try:
        if o.own:
            t, m = os.path.join(HERE, 'tables'), os.path.join(HERE, 'messages')
            c.compare('our own tables and messages', t, m, c.postmap_truth(t, m))
        elif o.dirs:
            t, m = map(os.path.abspath, o.dirs)
            c.compare('given', t, m, c.truth(t, m, os.path.join(work, 'expected.jsonl')))
        elif o.corpus:
            corpus(c)
        else:
            generated(c)
    finally:
        if not o.keep:
            shutil.rmtree(work, ignore_errors=True)
    print('in all %d cases, %d differ (seed %d)' % (c.cases, c.differences, o.seed))
    return 1 if c.differences else 0


if __name__ == '__main__':
    sys.exit(main())
