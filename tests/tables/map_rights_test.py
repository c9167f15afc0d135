#!/usr/bin/env python3
"""map_rights_test.py HEADGATE: whose the built table is, and who may read it, by owner and mode of the source: as by postmap.

Needs root (77 without): as root, postmap and `headgate map` work with the rights of the source's owner."""
import os
import shutil
import stat
import subprocess
import sys
import tempfile

OWNER = 65534


def main():
    postmap = shutil.which('postmap', path=os.environ.get('PATH', '') + ':/usr/sbin')
    if not postmap or os.getuid() != 0:
        print('postmap is not installed, or this is not root')
        return 77
    programs = [postmap], [os.path.abspath(sys.argv[1]), 'map']
    differ = rows = 0
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        os.mkdir(os.path.join(place, 'etc'))
        with open(os.path.join(place, 'etc', 'main.cf'), 'w') as f:
            f.write('compatibility_level = 3.7\n')
        folder = os.path.join(place, 'tables')

        def outcome(program, kind, flags, mode, umask, folder_mode, owner):
            shutil.rmtree(folder, ignore_errors=True)
            os.mkdir(folder)
            os.chmod(folder, folder_mode)
            source = os.path.join(folder, 's')
            with open(source, 'w') as f:
                f.write('k v\n')
            os.chown(source, owner, owner)
            os.chmod(source, mode)
            p = subprocess.run(program + flags + [kind + ':s'], cwd=folder, umask=umask, stderr=subprocess.PIPE,
                               env={'PATH': os.environ.get('PATH', ''), 'MAIL_CONFIG': os.path.join(place, 'etc')})
            try:
                made = os.stat(os.path.join(folder, 's.' + kind))
                what = made.st_uid, made.st_gid, oct(stat.S_IMODE(made.st_mode))
            except FileNotFoundError:
                what = None
            return p.returncode, what, p.stderr.split(b': ', 1)[-1], sorted(os.listdir(folder))

        for kind in 'cdb', 'lmdb':
            for flags in [], ['-o'], ['-p'], ['-op']:
                for mode in 0o644, 0o640, 0o600, 0o666, 0o400, 0o755:
                    for umask, folder_mode, owner in (0o22, 0o777, OWNER), (0o77, 0o777, OWNER), (0o22, 0o755, OWNER), (0o2, 0o777, 0):
                        row = kind, flags, mode, umask, folder_mode, owner
                        theirs, ours = [outcome(program, *row) for program in programs]
                        rows += 1
                        if theirs != ours:
                            differ += 1
                            print('%s %s mode %o umask %o folder %o owner %d\n  postmap:  %r\n  headgate: %r' % (row + (theirs, ours)))
        # A link that the owner of the folder put there leads root nowhere.
        outcome(programs[1], 'cdb', [], 0o644, 0o22, 0o777, OWNER)
        target = os.path.join(place, 'target')
        with open(target, 'w') as f:
            f.write('precious')
        for kind, name in ('cdb', 's.cdb.tmp'), ('lmdb', 's.lmdb'):
            os.symlink(target, os.path.join(folder, name))
            p = subprocess.run(programs[1] + [kind + ':s'], cwd=folder, stderr=subprocess.DEVNULL, env={'MAIL_CONFIG': os.path.join(place, 'etc')})
            rows += 1
            with open(target) as f:
                if p.returncode == 0 or f.read() != 'precious':
                    differ += 1
                    print('%s followed a link to a file of root' % kind)
    print('%d rows, %d differ' % (rows, differ))
    return 1 if differ else 0


if __name__ == '__main__':
    sys.exit(main())
