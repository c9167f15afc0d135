#!/usr/bin/env python3
"""mime_keys.py PROGRAM [--seed N] [--count N] [--mail DIR]: engine/mail against libpostfix's own MIME engine.

Generates messages with the oracle's generator and damages them, cuts them with several line limits, sets several other
limits, and compares every key, its class, its offset and its chunk mark. Exit 0: no difference; 1: there are some;
77: the oracle or libpostfix is not here (skipped). The oracle lies in $HEADGATE_SHARED, or in ../shared beside the
checkout.
"""
import argparse
import glob
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.environ.get('HEADGATE_SHARED') or os.path.join(HERE, '..', '..', '..', 'shared')
ORACLE = os.path.join(SHARED, 'oracle')
DEFAULTS = {'line': 2048, 'header': 102400, 'nesting': 100, 'boundary': 2048}


def skip(why):
    print('skipped: ' + why)
    sys.exit(77)


def load_oracle():
    sys.dont_write_bytecode = True
    sys.path.insert(0, ORACLE)
    try:
        import pflib
    except ImportError:
        skip('no oracle in ' + ORACLE)
    if not os.path.exists(pflib.LIBDIR + '/libpostfix-global.so'):
        skip('no libpostfix in ' + pflib.LIBDIR)
    return pflib


def expected(pflib, data, mime, head_only, limits):
    for name, variable in (('header', 'var_header_limit'), ('nesting', 'var_mime_maxdepth'),
                           ('boundary', 'var_mime_bound_len')):
        pflib.setlimit(variable, limits[name])
    out = []
    for kind, header_class, offset, key, record_type in pflib.mime_keys(data, bool(mime), bool(head_only), limits['line']):
        if kind == 'H':
            out.append(b'H %d %d\n%s\n' % (header_class, len(key), key))
        else:
            out.append(b'B %d %d %d\n%s\n' % (record_type == pflib.CONT, offset, len(key), key))
    return b''.join(out) + b'E\n'


def messages(seed, count, mail, work):
    """Generated, damaged, and real messages."""
    run = lambda *a: subprocess.run([sys.executable, '-B', *a], check=True, stdout=subprocess.DEVNULL)
    generated, damaged = work + '/m', work + '/x'
    run(ORACLE + '/gen_messages.py', '--seed', str(seed), '--count', str(count // 3), '--keys', '1', '--weird', '.2', generated)
    run(ORACLE + '/mutate.py', '--seed', str(seed), '--count', str(count - count // 3), generated, damaged)
    files = sorted(glob.glob(generated + '/*.eml')) + sorted(glob.glob(damaged + '/*.eml'))
    if mail:
        files += sorted(os.path.join(d, f) for d, _, names in os.walk(mail) for f in names)
    for path in files:
        with open(path, 'rb') as f:
            yield path, f.read()


def variants(rng):
    """The settings a message is put through: the daemons', postmap's three, and one with small limits."""
    yield 1, 0, dict(DEFAULTS)
    yield 0, 0, dict(DEFAULTS, line=0)
    yield 0, 1, dict(DEFAULTS, line=0)
    yield 1, 0, dict(DEFAULTS, line=0)
    yield rng.randrange(2), 0, dict(line=rng.choice((1, 2, 3, 7, 20, 64)), header=rng.choice((1, 10, 50, 500)),
                                    nesting=rng.choice((1, 2, 3)), boundary=rng.choice((1, 3, 10)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('program')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--count', type=int, default=300)
    parser.add_argument('--mail', help='a folder of real messages')
    options = parser.parse_args()
    pflib = load_oracle()
    with tempfile.TemporaryDirectory() as work:
        with open(work + '/main.cf', 'w') as f:
            f.write('compatibility_level=3.7\n')
        pflib.init(work)
        rng = random.Random(options.seed)
        cases, stream, wanted = [], [], []
        for path, data in messages(options.seed, options.count, options.mail, work):
            for mime, head_only, limits in variants(rng):
                fed = data
                if not limits['line'] and data.endswith(b'\xff'):  # postmap loses such a last line; the oracle too
                    fed = data[:data.rfind(b'\n') + 1]
                cases.append((path, data, mime, head_only, limits))
                stream.append(b'%d %d %d %d %d %d %d\n' % (len(fed), mime, head_only, limits['line'], limits['header'],
                                                          limits['nesting'], limits['boundary']) + fed)
                wanted.append(expected(pflib, data, mime, head_only, limits))
        run = subprocess.run([options.program], input=b''.join(stream), stdout=subprocess.PIPE, check=True)
    differ, keys, at = 0, 0, 0
    for case, want in zip(cases, wanted):
        got = run.stdout[at:at + len(want)]
        keys += want.count(b'\nH ') + want.count(b'\nB ')
        at += len(want)
        if got != want:
            differ += 1
            print('DIFFERS', case[0], case[2:], 'seed', options.seed)
            print('  libpostfix', want[:400])
            print('  engine    ', got[:400])
            break  # what follows is out of step
    print('%d cases, about %d keys, %s' % (len(cases), keys, 'DIFFERENT' if differ else '0 differ'))
    if not cases or at != len(run.stdout) and not differ:
        print('the outputs have different lengths')
        differ += 1
    sys.exit(1 if differ else 0)


if __name__ == '__main__':
    main()
