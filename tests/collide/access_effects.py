#!/usr/bin/env python3
"""What access tables do to messages: HOLD, DISCARD, FILTER, REDIRECT, BCC and PREPEND at every stage, alone, together, and
beside the content checks' actions of the same names: headgate beside a private Postfix, as whole_messages.py compares them.

  access_effects.py --headgate PATH

Exit 0 all equal, 1 some differ, 77 cannot run here (said on standard error)."""
import argparse
import itertools
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / 'whole'))

import rounds
import servers
from case import Case, Message
from whole_messages import differences

PER_ROUND = 12
CONTENT = b'Subject: s\r\nMessage-ID: <1@b>\r\nX-Other: o\r\n\r\nbody\r\n'
LARGE = CONTENT + b'x' * 900 + b'\r\n'

WORDS = ['HOLD', 'DISCARD', 'FILTER smtp:[127.0.0.1]:@SINK7@', 'REDIRECT r@dest.example', 'BCC b@dest.example', 'PREPEND X-Pre: one']
CHECKS = ['REJECT no', 'DISCARD', 'HOLD', 'REDIRECT h@dest.example', 'FILTER smtp:[127.0.0.1]:@SINK@', 'BCC h@dest.example', 'IGNORE']


def says(stage, *words):
    """A restriction list whose tables answer with these words."""
    return {'smtpd_%s_restrictions' % stage: ', '.join('check_sender_access static:{%s}' % word for word in words)}


def checks(word, header='Subject'):
    return {'header_checks': 'pcre:{{/^%s:/ %s}}' % (header, word)}


def configurations():
    for stage, word in itertools.product(('client', 'recipient', 'end_of_data'), WORDS):
        yield '%s %s' % (stage, word), says(stage, word)
    for word, check in itertools.product(WORDS[:5], CHECKS):
        yield '%s, then %s' % (word, check), {**says('recipient', word), **checks(check)}
    for word, check in itertools.product(WORDS[:5], CHECKS[:5]):
        yield '%s at the end, %s' % (word, check), {**says('end_of_data', word), **checks(check)}
    for a, b in itertools.permutations(WORDS, 2):
        yield '%s and %s' % (a, b), says('recipient', a, b)
    for a, b in itertools.product(WORDS[:5], WORDS[:5]):
        yield '%s and %s at the end' % (a, b), {**says('recipient', a), **says('end_of_data', b)}
    yield 'two filters', says('recipient', 'FILTER smtp:[127.0.0.1]:1', WORDS[2])
    yield 'two redirects', says('recipient', 'REDIRECT q@dest.example', WORDS[3])
    yield 'several bcc', says('recipient', 'BCC b@dest.example', 'BCC c@dest.example', 'BCC d@dest.example')
    yield 'bcc to the recipient', says('recipient', 'BCC you@dest.example')
    yield 'several headers', says('recipient', 'PREPEND X-Pre: one', 'PREPEND X-Pre: two', 'PREPEND Message-ID: <2@c>', 'PREPEND X-Glued:3')
    yield 'headers with checks', {**says('recipient', 'PREPEND X-Pre: one', 'PREPEND X-Post : two'), **checks('WARN seen', 'X-P.*')}
    yield 'headers rejected', {**says('recipient', 'PREPEND X-Pre: one'), **checks('REJECT pre', 'X-Pre')}
    yield 'headers ignored', {**says('recipient', 'PREPEND X-Pre: one'), **checks('IGNORE', 'X-Pre')}
    yield 'headers and mime', says('recipient', 'PREPEND Content-Type: text/html', 'PREPEND Received: from x')
    yield 'discarded, too large', {**says('recipient', 'DISCARD'), 'message_size_limit': '900'}
    yield 'discarded at the end, too large', {**says('end_of_data', 'DISCARD'), 'message_size_limit': '900'}
    yield 'discarded in a loop', {**says('recipient', 'DISCARD'), 'hopcount_limit': '1'}
    yield 'discarded at the end in a loop', {**says('end_of_data', 'DISCARD'), 'hopcount_limit': '1'}
    yield 'held and refused', says('recipient', 'HOLD', '550 no')
    for word in WORDS:
        yield 'delivered with ' + word, {'smtpd_relay_restrictions': says('relay', word, 'OK')['smtpd_relay_restrictions'] + ', reject', 'content_filter': 'smtp:[127.0.0.1]:@SINK@'}


# access_test compares these; here those of a second recipient would be another message's (compat.md, deviation 17).
AT_RCPT = re.compile(r'smtpd: (?:NOQUEUE|QUEUEID): \w+: RCPT from')


def comparable(result):
    """What smtpd says at the end of a message comes before or after what cleanup says about its content."""
    for one in result.postfix + result.headgate:
        one.log = sorted(line for line in one.log if not AT_RCPT.match(line))
        # compat.md, deviation 35: who gets a BCC.
        one.delivered = sorted({(port, sender, recipient.replace(' NOTIFY=NEVER', ''), content)
                                for port, sender, recipient, content in one.delivered})
        one.delivery_log = sorted(set(one.delivery_log))
        one.held = one.held and (one.held[0], sorted(set(one.held[1])), one.held[2])
    result.postfix_start, result.headgate_start = (
        [line for line in lines if not AT_RCPT.match(line)] for lines in (result.postfix_start, result.headgate_start))
    return result


def case(name, params):
    messages = [Message(CONTENT), Message(LARGE, recipients=('you@dest.example', 'you@dest.example'))]
    return Case(name, params, {}, messages)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--headgate', required=True)
    parser.add_argument('--only', default='')
    parser.add_argument('--every', type=int, default=1, help='every so many configurations')
    options = parser.parse_args()
    if servers.why_not():
        print('SKIP: ' + servers.why_not(), file=sys.stderr)
        return 77
    cases = [case(name, params) for name, params in configurations() if options.only in name][::options.every]
    different = 0
    for start in range(0, len(cases), PER_ROUND):
        some = cases[start:start + PER_ROUND]
        for one, result in zip(some, rounds.run(options.headgate, some)):
            found = differences(comparable(result))
            different += bool(found)
            for number, what, text in found:
                print('%s: message %s: %s\n%s' % (one.name, number, what, text))
    print('%d configurations, %d differ' % (len(cases), different))
    return 1 if different or not cases else 0


if __name__ == '__main__':
    sys.exit(main())
