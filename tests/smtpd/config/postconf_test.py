#!/usr/bin/env python3
"""Compares `headgate config` with the installed postconf on generated configurations.

usage: postconf_test.py HEADGATE     exit 77 (skip) where postconf 3.7 is not installed

What differs on purpose is left out of the comparison by name: OURS, and every parameter that docs/compat.md calls ours.
"""
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

COMPAT = pathlib.Path(__file__).resolve().parents[3] / "docs" / "compat.md"
OURS = set(re.findall(r"^\| `(\w+)` \| ours \|", COMPAT.read_text(), re.MULTILINE)) | {
    "config_directory", "local_recipient_maps", "mail_version", "mynetworks", "mynetworks_style", "process_id",
    "process_name", "proxy_read_maps", "smtpd_forbid_bare_newline", "smtpd_forbid_unauth_pipelining",
    "smtpd_relay_restrictions",
    "smtpd_client_event_limit_exceptions", "smtpd_forbid_bare_newline_exclusions",  # their value is $mynetworks
    "smtpd_tls_mandatory_protocols", "smtpd_tls_protocols", "tls_preempt_cipherlist",
    "tlsproxy_tls_mandatory_protocols", "tlsproxy_tls_protocols",  # whose values these are
    # of the distribution or the release
    "mail_release_date", "meta_directory", "sample_directory", "shlib_directory", "html_directory",
    "readme_directory", "manpage_directory",
}

MASTER = """\
smtp      inet  n       -       y       -       30      smtpd
127.0.0.1:10025 inet n    -       n       -       0       smtpd
  -o smtpd_banner=hello -o { smtpd_helo_restrictions = a b  c } -v
  -o stress=yes -o mine=1 -o relayhost=$mine -o myhostname=x.$mydomain
relay     unix  -       -       y       -       -       smtp
  -o syslog_name=postfix/$service_name
local     unix  -       n       n       -       -       local
filter    unix  -       n       n       60?     10      pipe flags=F user=x argv=/bin/x $sender
policy    unix  -       n       n       -       0       spawn user=x argv=/bin/y
"""

VALUES = """\
a  b   c|$d.x|$(d)|${d}|$d$$x|${ d }|${d?yes:no}|${e?yes:no}|${d?{yes}:no}|${d?{yes}:{no}}|${e?{yes}:{no}}
${e?{yes}:no}|${e:no}|${e:{no}}|${und:{no}}|${und?{y}}|${d:no}|${d? {yes} : {no} }|${d ? {yes} : {no}}|[${d? yes }]
[${d? {yes } : { no}}]|${d:}|${d?}|${{$d} == {abc}}|${{$d} == {abx}}|${{$d} == {abc} ? {y} : {n}}
${{$d} == {abc} ? y : n}|${{$d}=={abc}?{y}:n }|${{$d} != {abc} ?{y}:{n}}|${{$n9} < {$n10} ? {y}:{n}}
${{$n9} < {1x} ? {y}:{n}}|${{3.10} >level {3.6} ? {y}:{n}}|${{3.10} > {3.6} ? {y}:{n}}|${{3} ==level {3.0} ? {y}:{n}}
${{a} <level {3.0} ? {y}:{n}}|${{a} = {a} ? {y}:{n}}|${{a} ==foo {a} ? {y}:{n}}|${{a} == {b} : {n}}|${{a} {b}}
${{a}}|${{a} ==}|${{a} == {b}|${d|$(d}|${}|$|a$|a$ b|${d-x}|${d>x}|${d?{a}b}|${d?{a}:{b}c}|${d?{a}|${d?{a}{b}}|$rec
$deep|${d?$rec}|${e?$rec}|${e?{$d}:{$n9}}|${d?{$d}}{$e}|${$d}|${{01} == {1} ? {y}:{n}}|${{} == {} ? {y}:{n}}
${{ a } == {a} ? {y}:{n}}|${d?a}b}|${d?{a{b}c}}|${{a}<= {b}?{1}}|$1a|$_x|$.x
${stress?10}${stress:300}s|${stress?{10}:{300}}s|${stress?hash:/path}|${d?hash:/path}|$mydestination|$myorigin
"""

MAINS = {
    "empty": "compatibility_level = 3.6\n",
    "old level": "",
    "lists": "compatibility_level = 3.6\nmyhostname = mx.example.com\nmydestination = $myhostname, a  b,\n  c\n",
    "mydomain": "compatibility_level = 3.6\nmydomain = example.org\nrelayhost =\n",
    "names": "compatibility_level = 3.6\nlonely = 1\nb = $c\nrelayhost = $nowhere $there $mine\nthere = x\n"
             "smtpd_restriction_classes = cls, $cls3, cls4\ncls = permit\ncls2 = permit\n"
             "filter_destination_recipient_limit = 1\nnone_destination_recipient_limit = 1\nfilter_time_limit = 2\n"
             "smtpd_reject_footer = $zzz\nstress = yes\nsmtpd_per_record_deadline = yes\nvirtual_maps = static:x\n",
    "twice": "compatibility_level = 3.6\nrelayhost = a\nrelayhost = b\n",
    "long": "compatibility_level = 3.6\nmydestination = " + " ".join("host%d.example.com," % i for i in range(40)) + "\n",
}

OPTIONS = [["-n"], ["-nx"], ["-x"], [], ["-nf"], ["-f"], ["-d"], ["-dx"], ["-n", "-o", "stress=yes", "-x"], ["-nh"], ["-nH"],
           ["-h", "myhostname", "nosuch"], ["-x", "smtpd_timeout", "smtpd_per_request_deadline"],
           ["-o", "stress=yes", "-x", "smtpd_timeout", "smtpd_per_request_deadline"],
           ["-M"], ["-Mf"], ["-Mx"], ["-P"], ["-Px"], ["-F"], ["-M", "smtp"], ["-M", "*/unix"],
           ["-P", "*/inet/stress"], ["-F", "relay/unix/command"], ["-P", "-h", "*/*/smtpd_banner"]]

SHORT = [["-nx"], ["-x"], ["-nf"], ["-f"]]  # for the configurations that ask one question

failures = 0
compared = 0


def run(command):
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return result.returncode, result.stdout, result.stderr


def ours(line):
    return line.split(" =")[0] in OURS


def drop_ours(text):
    """Logical lines (folded ones joined by newline) without the parameters that differ on purpose."""
    lines = []
    for line in text.splitlines():
        if line.startswith("    ") and lines:
            lines[-1] += "\n" + line
        else:
            lines.append(line)
    return [line for line in lines if not ours(line)]


def warnings(text, program):
    """A set: postconf walks a hash table, and warns again each time it reads a file."""
    found = set()
    for line in text.splitlines():
        line = line.removeprefix(program + ": ")
        # On its second reading postconf "overrides" the last entry with the first; nobody wrote that.
        if "overriding earlier entry" in line and line.endswith("=b"):
            continue
        found.add(line)
    return found


def check(what, mine, theirs):
    global failures, compared
    compared += 1
    if mine != theirs:
        failures += 1
        if isinstance(mine, list):  # only the lines that differ
            mine, theirs = [x for x in mine if x not in theirs] or mine, [x for x in theirs if x not in mine] or theirs
        print(f"FAIL {what}\n  headgate: {mine!r}\n  postconf: {theirs!r}")


def jobs():
    """(main.cf, options, what it is) of each comparison."""
    for (name, text), options in itertools.product(MAINS.items(), OPTIONS):
        if name in ("old level", "names") or options in SHORT:
            yield text, options, name
    prefix = "compatibility_level = 3.6\nd = abc\ne =\nn9 = 9\nn10 = 10\nrec = $rec\ndeep = ${d?{${d?{x}}}}\n"
    prefix += "fast_flush_domains = $d $e $n9 $n10\nmail_name = $deep\n"
    for value in re.split(r"[|\n]", VALUES.strip("\n")):
        yield prefix + f"relayhost = {value}\n", ["-xh", "relayhost"], f"relayhost = {value}"
    for bad in ["=foo", "foo", "foo bar = x", "{ relayhost = a b }"]:
        yield bad + "\n", ["-n"], bad


def compare(headgate, root, main_cf, options, what):
    directory = tempfile.mkdtemp(dir=root)
    for name, text in (("main.cf", main_cf), ("master.cf", MASTER)):
        with open(os.path.join(directory, name), "w") as f:
            f.write(text)
    theirs = run(["postconf", "-c", directory, *options])
    mine = run([headgate, "-c", directory, "config", *options])
    check(f"{what} {options}: failed or not", mine[0] == 0, theirs[0] == 0)
    if theirs[0] == 0:
        check(f"{what} {options}: output", drop_ours(mine[1]), drop_ours(theirs[1]))
    check(f"{what} {options}: warnings", warnings(mine[2], "headgate"), warnings(theirs[2], "postconf"))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if shutil.which("postconf") is None or not run(["postconf", "-d", "mail_version"])[1].startswith("mail_version = 3.7"):
        print("skipped: no postconf 3.7 here")
        sys.exit(77)
    headgate = os.path.abspath(sys.argv[1])
    os.environ.pop("MAIL_CONFIG", None)
    # postconf waits (for names, and a second before each fatal error); side by side that costs little.
    with tempfile.TemporaryDirectory() as root, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda job: compare(headgate, root, *job), jobs()))
    print(f"{compared} comparisons, {failures} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
