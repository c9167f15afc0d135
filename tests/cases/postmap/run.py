#!/usr/bin/env python3
"""run.py HEADGATE [CASE...]: what a user types and sees, for headgate map and, where it is installed, for postmap.

A .case file:  # remark
               [name]                     a file of that name; its lines follow up to the next [name] or $ (main.cf has
                                          compatibility_level = 3.7 unless it is given)
               $ map -q KEY pcre:name     the command, for both programs; "% map ..." is for headgate alone
               < line of its input        "<- line": without a newline at its end
               > line of its output
               ! line of its errors       without "headgate: "
               = 1                        its exit status, if not 0
In $ < > ! lines \\n \\r \\t \\0 \\\\ \\xNN stand for bytes, and $ lines are split as a shell splits them."""
import codecs
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def plain(text):
    """The bytes of a text with backslash escapes, itself in UTF-8."""
    return re.sub(rb'\\(x[0-9a-f]{2}|[nrt0\\])',
                  lambda m: codecs.escape_decode(m.group())[0], text.encode())


class Step:
    def __init__(self, number, text, both):
        self.number, self.text, self.both = number, text, both
        self.input, self.output, self.errors, self.status = b'', b'', b'', 0

    def words(self):
        lexer = shlex.shlex(self.text, posix=True, punctuation_chars=False)
        lexer.whitespace_split, lexer.escape, lexer.commenters = True, '', ''
        return [plain(w) for w in lexer]


def parse(path):
    files, steps, name = {'main.cf': ['compatibility_level = 3.7']}, [], None
    for number, line in enumerate(open(path, encoding='utf-8').read().split('\n'), 1):
        if line[:2] in ('$ ', '% '):
            steps.append(Step(number, line[2:], line[0] == '$'))
            name = None
        elif re.fullmatch(r'\[[\w.-]+\]', line):
            name = line[1:-1]
            files[name] = []
        elif name:
            files[name].append(line)
        elif line[:2] == '<-':
            steps[-1].input += plain(line[3:])
        elif line[:1] == '<':
            steps[-1].input += plain(line[2:]) + b'\n'
        elif line[:1] == '>':
            steps[-1].output += plain(line[2:]) + b'\n'
        elif line[:1] == '!':
            steps[-1].errors += plain(line[2:]) + b'\n'
        elif line[:2] == '= ':
            steps[-1].status = int(line[2:])
        elif line and not line.startswith('#'):
            raise SystemExit('%s, line %d: what is this? %r' % (path, number, line))
    return files, steps


def run(step, program, prefix, place):
    command = program + step.words()[1:]
    p = subprocess.run([os.fsencode(w) for w in command], input=step.input, cwd=place, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, env={'PATH': os.environ.get('PATH', ''), 'MAIL_CONFIG': place})
    errors = b''.join(l[len(prefix):] if l.startswith(prefix) else l for l in p.stderr.splitlines(True))
    return {'output': p.stdout, 'errors': errors, 'status': p.returncode}


def check(path, programs):
    files, steps = parse(path)
    failures = ran = 0
    with tempfile.TemporaryDirectory() as place:
        for name, text in files.items():
            with open(os.path.join(place, name), 'wb') as f:
                f.write('\n'.join(text).encode() + b'\n')
            os.utime(os.path.join(place, name), (1000000000, 1000000000))  # texthash: waits for a young file to settle
        for step in steps:
            for who, program, prefix in programs:
                if who == 'postmap' and not step.both:
                    continue
                ran += 1
                actual = run(step, program, prefix, place)
                for what in ('output', 'errors', 'status'):
                    expected = getattr(step, what)
                    if actual[what] != expected:
                        failures += 1
                        print('%s, line %d: %s: %s is %r, expected %r' % (os.path.basename(path), step.number, who, what,
                                                                       actual[what], expected))
    return ran, failures


def main():
    headgate = os.path.abspath(sys.argv[1])
    programs = [('headgate', [headgate, 'map'], b'headgate: '),
                ('headgate --confirm-only', [headgate, 'map', '--confirm-only'], b'headgate: ')]
    postmap = shutil.which('postmap', path=os.environ.get('PATH', '') + ':/usr/sbin')
    if postmap:
        programs.append(('postmap', [postmap], b'postmap: '))
    else:
        print('postmap is not installed: these answers are not compared with its own')
    cases = sys.argv[2:] or sorted(os.path.join(HERE, f) for f in os.listdir(HERE) if f.endswith('.case'))
    ran = failures = 0
    for case in cases:
        r, f = check(case, programs)
        ran += r
        failures += f
    print('%d cases, %d commands run, %d failures' % (len(cases), ran, failures))
    return 1 if failures or not ran else 0


if __name__ == '__main__':
    sys.exit(main())
