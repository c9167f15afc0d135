"""Messages, made from a seed: ordinary ones, MIME of all shapes, and what only a broken or hostile client sends.

Of local clients Postfix completes the addresses in headers (compat.md); their messages are made with `local`, so that
there is nothing to complete."""
from case import Message
from tables import ADDRESS_NAMES, NAMES, WORDS


def words(rng, low, high):
    return ' '.join(rng.choice(WORDS) if rng.random() < 0.4 else rng.choice(['the', 'a', 'mail', 'of', '123', 'x=20y'])
                    for _ in range(rng.randint(low, high)))


def odd(rng):
    """A stretch of bytes that parsers stumble over."""
    return rng.choice([b'caf\xc3\xa9', b'caf\xe9', b'\x00', b'a\x00b', b'\r', b'\x01', b'\x7f', b'\xff\xfe', b'"', b'(', b'\\',
                       b'<', b';', b'\t', b'\x08', b'=?utf-8?q?x?=', b'..', b'q' * 70, b'\xe2\x82\xac', b'\xc0\x80', b'\x1b['])


def address(rng, local):
    if local:
        return rng.choice(['me@client.example', 'Me <me@client.example>', '<x@y.example>', 'a@b.example, c@d.example'])
    return rng.choice(['me@client.example', 'Me <me@client.example>', '"A, B" <a@b.example>, c@d.example', 'me@client.example (Me)',
                       'undisclosed:;', '<x@y.example>', 'list: a@b.example, c@d.example;', 'caf\xc3\xa9 <e@f.example>',
                       'a@b.example,\r\n c@d.example'])


def header_line(rng, local):
    name = rng.choice(NAMES)
    if rng.random() < 0.1:
        name = name.lower()
    if name.title() in ADDRESS_NAMES:
        if local:
            return (name + ': ' + address(rng, local)).encode()
        text = address(rng, local)
    elif name == 'Message-Id':
        text = rng.choice(['<%d@client.example>' % rng.randrange(1000), '', '<a b@c>', '<x@y> (c)', '\r\n <f@g>'])
    elif name == 'Date':
        text = 'Mon, 1 Jan 2024 00:00:0%d +0000' % rng.randrange(9)
    elif name == 'Content-Type':
        text = content_type(rng)
    elif name == 'Content-Transfer-Encoding':
        text = rng.choice(['7bit', '8bit', 'binary', 'base64', 'quoted-printable', 'x-odd', '8BIT', ''])
    else:
        text = words(rng, 0, 8)
    line = name.encode() + rng.choice([b': '] * 8 + [b':', b' : ', b':\t']) + text.encode('latin-1')
    if rng.random() < 0.15:
        for _ in range(rng.choice([1, 1, 2, 5])):
            line += b'\r\n' + rng.choice([b' ', b'\t', b'   ']) + words(rng, 0, 6).encode()
    if rng.random() < 0.06:
        line += odd(rng)
    if rng.random() < 0.03:
        line += b' ' + words(rng, 1, 3).encode() * rng.choice([30, 150, 600])
    return line


def content_type(rng, boundary=None):
    boundary = boundary or rng.choice(['b', 'bb', 'x' * 20])
    return rng.choice(['text/plain', 'text/html; charset=utf-8', 'message/rfc822', 'multipart/mixed; boundary=%s' % boundary,
                       'application/pdf; name="alpha.pdf"', 'multipart/digest; boundary="%s"' % boundary, 'message/partial',
                       'message/delivery-status', 'image/png (c)', 'text', '', ';', 'multipart/mixed', 'message/global',
                       'message/external-body'])


def body_lines(rng):
    lines = []
    for _ in range(rng.choice([0, 1, 2, 5, 20])):
        roll = rng.random()
        if roll < 0.6:
            line = words(rng, 0, 12).encode()
        elif roll < 0.75:
            line = rng.choice([b'', b' ', b'.', b'..', b'.x', b'--', b'-- ', b'--b', b'--b--', b'From x', b'>From x', b'X-Test: alpha'])
        elif roll < 0.83:
            line = words(rng, 1, 2).encode() * rng.choice([80, 200, 300])
        elif roll < 0.86:
            line = (words(rng, 1, 2).encode() * 400)[:rng.choice([511, 512, 513, 997, 998, 999, 2047, 2048, 2049, 4096])]
        else:
            line = words(rng, 0, 3).encode() + odd(rng) + words(rng, 0, 3).encode()
        lines.append(line)
    return lines


def part(rng, depth, local):
    """Header and body of an entity, as lines."""
    lines = []
    roll = rng.random()
    if depth and roll < 0.45:
        boundary = rng.choice(['b', 'bound%d' % depth, 'b' * 30, '=_%d' % depth])
        quoted = rng.choice(['%s', '"%s"']) % boundary
        kind = rng.choice(['mixed', 'alternative', 'digest', 'report'])
        lines.append(('Content-Type: multipart/%s;%s boundary=%s' % (kind, rng.choice(['', '\r\n']), quoted)).encode())
        if rng.random() < 0.1:
            lines.append(b'Content-Transfer-Encoding: ' + rng.choice([b'base64', b'8bit', b'7bit']))
        lines += [b''] + body_lines(rng)[:2]
        for _ in range(rng.choice([0, 1, 2, 3])):
            lines += [b'--' + boundary.encode() + rng.choice([b''] * 9 + [b' ', b'x'])] + part(rng, depth - 1, local)
        if rng.random() < 0.8:
            lines += [b'--' + boundary.encode() + b'--'] + body_lines(rng)[:3]
    elif depth and roll < 0.6:
        lines += [b'Content-Type: message/' + rng.choice([b'rfc822', b'rfc822', b'global'])]
        lines += [b''] + [header_line(rng, local) for _ in range(rng.randint(0, 4))] + part(rng, depth - 1, local)
    else:
        lines += [header_line(rng, local) for _ in range(rng.choice([0, 1, 2]))]
        lines += [b''] + body_lines(rng)
    return lines


RECIPIENTS = ['you@dest.example'] * 4 + ['YOU@dest.example', 'a.b@other.example', 'third@dest.example', 'x+y@dest.example',
                                         '"you"@dest.example', '"a b"@dest.example', '@relay.example:you@dest.example', 'you@DEST.example']


def with_wishes(rng, recipient):
    """RCPT's parameters, sometimes."""
    if rng.random() < 0.85:
        return recipient
    notify = rng.choice(['', '', ' NOTIFY=NEVER', ' NOTIFY=DELAY,SUCCESS', ' NOTIFY=failure'])
    return '<' + recipient + '>' + notify + rng.choice(['', ' ORCPT=rfc822;you@dest.example', ' ORCPT=rfc822;a+2Bb+3D@c', ' ORCPT=x;y'])


def options(rng, bodies):
    """MAIL's parameters."""
    return ' '.join(word for word in (rng.choice(bodies), rng.choice([''] * 8 + ['RET=HDRS', 'ret=full', 'ENVID=a+2Bb', 'RET=FULL ENVID=q'])) if word)


def message(rng, clean, local):
    sender = 'm%d@cNN.example' % rng.randrange(1000)
    recipients = tuple(with_wishes(rng, r) for r in rng.sample(RECIPIENTS, rng.choice([1, 1, 1, 2, 3])))
    lines = []
    roll = rng.random()
    if roll < 0.05:
        lines += [rng.choice([b'From x@y Mon', b'>From x', b'>>From y\x00z', b'From alpha'])] * rng.choice([1, 2])
    elif roll < 0.08 and not local:
        lines += [rng.choice([b' indented', b'\tindented alpha', b'', b'no header', b'Bad Name: x', b': x', b'\xe9: x'])]
    if rng.random() < 0.75:
        lines += [b'From: ' + address(rng, local).encode('latin-1'), b'Subject: ' + words(rng, 0, 6).encode()]
    if rng.random() < 0.6:
        lines += [b'Message-Id: <%d@client.example>' % rng.randrange(10 ** 6), b'Date: Mon, 1 Jan 2024 00:00:00 +0000']
    lines += [header_line(rng, local) for _ in range(rng.choice([0, 1, 3, 6, 12]))]
    rng.random() < 0.3 and rng.shuffle(lines)
    if rng.random() < 0.05:
        lines.append(rng.choice([b'no header here', b'Bad Name: x', b'\x01: y', b'--b', b'\x00']))
    lines += part(rng, rng.choice([0, 0, 1, 2, 4]), local)
    if rng.random() < 0.05:
        lines = lines[:rng.randint(0, 3)]
    content = b'\r\n'.join(lines)
    if rng.random() < 0.8 and content:
        content += b'\r\n'
    if rng.random() < 0.08:
        content = content.replace(b'\r\n', b'\n') if rng.random() < 0.5 else content.replace(b'\r\n', b'\n', 3)
    if clean or local:
        return Message(content, sender, recipients, options(rng, ['', 'BODY=8BITMIME']))
    at = rng.randrange(len(content) + 1)
    return Message(content[:at] + odd(rng) + content[at:], sender, recipients, options(rng, ['', 'BODY=7BIT', 'BODY=8BITMIME']))
