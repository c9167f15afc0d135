#!/usr/bin/env python3
"""map_types_test.py HEADGATE: what can be built, listed and changed, by type, and how options combine: `headgate map` beside postmap.

Exit status and output must be equal, and the text where a row does not say that ours is another. Exit 77 where postmap is not
installed."""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile

SOURCE = b'plain v\nMixed CASE  Value\nalias: x\nnovalue\nmixed again\n'
NAMES = {'inline': 'inline:{a=b}', 'static': 'static:x', 'unionmap': 'unionmap:{static:a,static:b}', 'pipemap': 'pipemap:{static:a,static:b}',
         'randmap': 'randmap:{a,b}', 'socketmap': 'socketmap:inet:127.0.0.1:1:x', 'tcp': 'tcp:127.0.0.1:1', 'unix': 'unix:passwd.byname'}
# Of these Postfix holds a file that we do not build, asks a server, or names a package: only the exit status is compared.
OTHER_TEXT = {'hash', 'btree', 'nosuch', 'dbm', 'sdbm', 'ldap', 'mysql', 'pgsql', 'sqlite', 'nis', 'environ', 'unix', 'internal'}
TYPES = sorted({'cdb', 'lmdb', 'texthash', 'pcre', 'regexp', 'cidr', 'fail'} | set(NAMES) | OTHER_TEXT)
# Where ours says more, the text of postmap names open(2)'s flags; or says it before it looks at standard input.
BETTER_TEXT = {('-i', 'cdb'), ('-d', 'cdb'), ('-i', 'fail')}
LATER = {'unionmap', 'pipemap', 'randmap', 'socketmap', 'tcp'}  # their opening is of their own tests
LISTED = {'internal': 1}  # postmap lists an empty table in its own memory, which nobody can have filled

# Command lines, with t.cdb and t.lmdb built. True: the text is compared, too.
LINES = [
    ('', False), ('-x', False), ('-q', False), ('-d', False), ('--', False), ('-q x', False), ('-i', False), ('-s', False), ('-wc', False),
    ('-q plain -s cdb:t', True), ('-s -q plain cdb:t', True), ('-s -d plain lmdb:t', True), ('-d a -d b lmdb:t', True), ('-q a -q b cdb:t', True),
    ('-d a -s lmdb:t', True), ('-b cdb:t', True), ('-m cdb:t', True), ('-hs lmdb:t', True), ('-bq plain cdb:t', True), ('-s -s lmdb:t', True),
    ('-ss lmdb:t lmdb:nosuch', True), ('-q plain -i cdb:t', True), ('-q plain -w cdb:t', True), ('-wrinopNq plain cdb:t', True), ('-qplain cdb:t', True),
    ('-q plain cdb:nosuch cdb:t', True), ('-- cdb:t', True), ('-w -- cdb:t', True), ('cdb:nosuch', True), ('cdb:', True), ('-s cdb:', True),
    ('-s lmdb:', True), ('-d x lmdb:', True), (':t', False), ('-s nosuch:t', False), ('cdb:t lmdb:t', True), ('-w cdb:t nosuch:t', False),
    ('-q Mixed cdb:t', True), ('-fq Mixed cdb:t', True), ('-fq mixed cdb:t', True), ('-uq Mixed cdb:t', True), ('-mq - cdb:t', True),
    ('-s texthash:nosuch', True), ('-s pcre:nosuch', True), ('-s lmdb:nosuch', True), ('-s cdb:nosuch', True), ('-d x texthash:nosuch', True),
    ('-q plain -- cdb:t', True), ('-c . -q plain cdb:t', True), ('-c. -q plain cdb:t', True), ('-wc . -q plain cdb:t', True), ('-fwc. -q plain cdb:t', True),
    ('-c nosuch -q plain cdb:t', True), ('-o cdb:t', True), ('-o -w cdb:t', True), ('-op cdb:t', True), ('-d plain lmdb:t', True), ('-d - lmdb:t', True), ('-d plain lmdb:t lmdb:./t', True),
    ('-N -d plain lmdb:t', True), ('-n -d plain lmdb:t', True), ('-Nd nothere lmdb:t', True), ('-nd nothere lmdb:t', True),
    ('-d PLAIN lmdb:t', True), ('-fd PLAIN lmdb:t', True), ('-d plain lmdb:t texthash:t', True), ('-s lmdb:t', True), ('-i lmdb:t', True), ('-v cdb:t', False),
    ('proxy:cdb:t', True), ('-s proxy:cdb:t', True), ('-i proxy:cdb:t', True),
]


class Trial:
    def __init__(self, headgate, postmap, place):
        self.programs, self.place = {'headgate': [headgate, 'map'], 'postmap': [postmap]}, place
        self.built = {}  # each command line finds these files
        self.put(place, '.', 'main.cf', b'compatibility_level = 3.7\n')
        self.put(place, '.', 't', SOURCE)
        for kind in 'cdb', 'lmdb':
            subprocess.run([postmap, '-w', kind + ':t'], cwd=place, env={'MAIL_CONFIG': '.'}, stderr=subprocess.DEVNULL, check=True)
            with open(os.path.join(place, 't.' + kind), 'rb') as f:
                self.built['t.' + kind] = f.read()

    @staticmethod
    def put(place, where, name, data):
        with open(os.path.join(place, where, name), 'wb') as f:
            f.write(data)

    def run(self, place, program, words):
        p = subprocess.run(self.programs[program] + words, input=b'plain\nnew v', stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           cwd=os.path.join(place, program), env={'PATH': os.environ.get('PATH', ''), 'MAIL_CONFIG': '.'}, timeout=60)
        return p.returncode, p.stdout, p.stderr.replace(program.encode() + b': ', b'')

    def compare(self, row):
        words, text = row
        with tempfile.TemporaryDirectory(dir=self.place) as place:
            for program in self.programs:
                os.mkdir(os.path.join(place, program))
                self.put(place, program, 'main.cf', b'compatibility_level = 3.7\n')
                self.put(place, program, 't', SOURCE)
                for name, data in self.built.items():
                    self.put(place, program, name, data)
                # postmap waits, and reads again, while a text is younger than some seconds
                os.utime(os.path.join(place, program, 't'), (1e9, 1e9))
            theirs, ours = self.run(place, 'postmap', words), self.run(place, 'headgate', words)
        if not text:
            theirs, ours = theirs[:2], ours[:2]
        if words[:1] == ['-s']:  # texthash: has no order
            theirs, ours = [r[:1] + tuple(sorted(set(text.split(b'\n'))) for text in r[1:]) for r in (theirs, ours)]
        return words, theirs, ours


def rows():
    for kind in TYPES:
        for mode in '', '-s', '-i', '-d':
            if kind in LISTED and mode == '-s' or kind in ('hash', 'btree') and mode:  # our file is another, and is not changed in place
                continue
            # what is built needs a source that can be opened
            name = kind + ':t' if mode == '' else NAMES.get(kind, kind + ':t')
            text = kind not in OTHER_TEXT and (mode, kind) not in BETTER_TEXT and not (mode == '-s' and kind in LATER)
            yield [mode, 'plain', name] if mode == '-d' else [w for w in (mode, name) if w], text
    for line, text in LINES:
        yield line.split(), text


def main():
    postmap = shutil.which('postmap', path=os.environ.get('PATH', '') + ':/usr/sbin')
    if not postmap:
        print('postmap is not installed')
        return 77
    count = differ = 0
    with tempfile.TemporaryDirectory() as place, concurrent.futures.ThreadPoolExecutor(24) as pool:
        trial = Trial(os.path.abspath(sys.argv[1]), postmap, place)
        for words, theirs, ours in pool.map(trial.compare, rows()):  # postmap sleeps a second before it ends by an error
            count += 1
            if theirs != ours:
                differ += 1
                print('%s\n  postmap:  %r\n  headgate: %r' % (' '.join(words), theirs, ours))
    print('%d command lines, %d differ' % (count, differ))
    return 1 if differ else 0


if __name__ == '__main__':
    sys.exit(main())
