"""What a server did with each message of a case, in a form that can be compared: replies, what cleanup logged, what
arrived at the next hop, what lies in hold. All masks of what must differ (queue ids, clocks) stand here."""
import dataclasses
import difflib
import re
import time

YEAR = time.strftime('%Y')
CLOCK = re.compile(r'(Mon|Tue|Wed|Thu|Fri|Sat|Sun), +\d{1,2} \w{3} %s \d\d:\d\d:\d\d [+-]\d{4} \(\w+\)' % YEAR)
OURS = re.compile(r'^table \S+(?: .*)?: (?:building a database|\d+ patterns, built)|^table .* (?:is matched with its database|has no pattern that can be scanned for)')  # compat.md, deviation 23
# Postfix's word about the machine it runs on.
MACHINE = re.compile(r'^warning: (?:\w+: )?(?:file system clock is \d+ seconds|resetting file time stamps)')
CONNECTIONS = re.compile(r'^(connect from|disconnect from|lost connection after|timeout after|improper command) ?')
ENDED_BY_SMTPD = re.compile('bare <LF> received|^smtpd: .*queue file size limit exceeded')
CORRUPT = re.compile(r'saving corrupt file "(\w+)"')  # compat.md, deviation 25


@dataclasses.dataclass
class Outcome:
    replies: list
    log: list = dataclasses.field(default_factory=list)  # cleanup's lines and smtpd's complaints, in order
    delivered: list = dataclasses.field(default_factory=list)  # (sink, MAIL, RCPT, content) sorted
    delivery_log: list = dataclasses.field(default_factory=list)  # what smtp, discard, error said, sorted
    held: tuple = None
    lost: bool = False  # Postfix took its own queue file for damaged


def masked(text, queue_id):
    """Queue ids and clocks are each server's own."""
    text = CLOCK.sub('CLOCK', text)
    text = re.sub(r'(\[127\.0\.0\.1\]):\d+', r'\1:SINK', text)  # the port differs from run to run
    text = re.sub(r'\bc\d\d\.example', 'cNN.example', text)
    text = re.sub(r'\b(d\d+|smtp):\[', '@SMTP@:[', text)
    text = re.sub(r'/[^ ",]*/tables[^/]*/\d+/', '@DIR@/', text)
    if queue_id:
        text = text.replace(queue_id, 'QUEUEID')
        text = re.sub(r'<\d{14}\.QUEUEID@', '<STAMP.QUEUEID@', text)
    return text


def masked_delivery(text):
    text = re.sub(r'delay=[\d.]+, delays=[\d./]+', 'delay=D', text)
    return re.sub(r'kept as \d+\.', 'kept', text)


def ids_in_order(lines):
    """Each message that reached DATA has one "client=" line of smtpd (compat.md, deviation 17, says when)."""
    found = []
    for program, text in lines:
        match = re.match(r'(\w+): client=', text)
        if program == 'smtpd' and match:
            found.append(match.group(1))
    return found


def collect(replies, case_lines, delivery_lines, deliveries, held):
    """(the complaints at start, an Outcome for each message). `delivery_lines` are those of qmgr and the delivery agents; held(id) looks into the
    queue."""
    outcomes = [Outcome(list(r)) for r in replies]
    ids = ids_in_order(case_lines)
    numbers = {queue_id: n for n, queue_id in enumerate(ids)}
    startup, number, cleanups = [], -1, -1
    for program, text in case_lines:
        match = re.match(r'(\w+): client=', text)
        if program == 'smtpd' and match:
            number += 1
            cleanups = number
            continue
        if program not in ('smtpd', 'cleanup') or any(mask.match(text) for mask in (CONNECTIONS, OURS, MACHINE)):
            continue
        of_line = number
        if program == 'cleanup':  # of Postfix it may still be speaking of a message that smtpd has ended
            named = re.match(r'(?:warning: )?(\w+): ', text)
            cleanups = numbers.get(named.group(1), cleanups) if named else cleanups
            of_line = cleanups
        current = outcomes[of_line] if 0 <= of_line < len(outcomes) else None
        queue_id = ids[of_line] if of_line >= 0 else None
        line = '%s: %s' % (program, masked(text, queue_id))
        if line in startup:
            continue  # a second cleanup process complains of the tables again
        (startup if current is None else current.log).append(line)
    by_id = dict(zip(ids, outcomes))
    for program, text in delivery_lines:
        queue_id, _, rest = text.partition(': ')
        corrupt = CORRUPT.search(text)
        if corrupt and corrupt.group(1) in by_id:
            by_id[corrupt.group(1)].lost = True
        outcome = by_id.get(queue_id)
        if outcome is None or program in ('smtpd', 'cleanup', 'qmgr', 'bounce'):  # bounce: compat.md, deviation 9
            continue
        outcome.delivery_log.append('%s: %s' % (program, masked_delivery(masked(rest, queue_id))))
        for place in re.findall(r'kept as (\d+)\.', rest):
            delivery = deliveries[int(place)]
            recipient = re.match(r'to=(<[^>]*>)', rest).group(1)
            recipient = next((r for r in delivery.recipients if r.startswith(recipient)), '?')
            content = masked(delivery.content.decode('latin-1'), queue_id)
            outcome.delivered.append((delivery.port, masked(delivery.sender, queue_id), recipient, content))
    for queue_id, outcome in by_id.items():
        if any(ENDED_BY_SMTPD.search(line) for line in outcome.log):  # compat.md, deviation 20
            outcome.log = [line for line in outcome.log if line.startswith('smtpd: ')]
        outcome.replies = [masked(r, queue_id) for r in outcome.replies]
        outcome.delivered.sort()
        outcome.delivery_log.sort()
        kept = held(queue_id)
        if kept is not None:
            outcome.held = (masked(kept[0].decode('latin-1'), queue_id), kept[1], masked(kept[2], queue_id))
    return startup, outcomes


def to_json(startup, outcomes):
    return {'start': startup, 'messages': [dataclasses.asdict(o) for o in outcomes]}


def from_json(data):
    outcomes = []
    for fields in data['messages']:
        o = Outcome(**fields)
        o.delivered = [tuple(d) for d in o.delivered]
        o.held = o.held and tuple(o.held)
        outcomes.append(o)
    return data['start'], outcomes


def first_difference(a, b):
    """For long texts: where they part, with some of what stands around."""
    n = min(len(a), len(b))
    at = next((i for i in range(n) if a[i] != b[i]), n)
    start = max(0, at - 60)
    return 'at %d: %r | %r' % (at, a[start:at + 100], b[start:at + 100])


def line_difference(a, b):
    """As of diff: what only Postfix says (P), what only headgate says (h), in order."""
    sign = {'-': '    P ', '+': '    h '}
    return '\n'.join(sign[line[0]] + line[2:] for line in difflib.ndiff(a, b) if line[0] in sign)


def compare(postfix, headgate):
    """[(what, text)] of the differences between two outcomes; empty: the same."""
    found = []
    for what in ('replies', 'log') if postfix.lost else ('replies', 'log', 'delivered', 'delivery_log', 'held'):
        a, b = getattr(postfix, what), getattr(headgate, what)
        if a == b:
            continue
        if what in ('log', 'delivery_log', 'replies'):
            text = line_difference(a, b)
        elif what == 'delivered' and [d[:3] for d in a] == [d[:3] for d in b]:
            pair = next((x, y) for x, y in zip(a, b) if x != y)
            text = '    ' + first_difference(pair[0][3], pair[1][3])
            what = 'bytes'
        elif what == 'held' and a and b and a[1:] == b[1:]:
            text = '    ' + first_difference(a[0], b[0])
            what = 'held bytes'
        else:
            short = (lambda v: [d[:3] for d in v]) if what == 'delivered' else (lambda v: v and v[1:])
            text = '    P %r\n    h %r' % (short(a), short(b))
        found.append((what, text))
    return found
