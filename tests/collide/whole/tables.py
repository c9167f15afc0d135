"""Configurations: parameters and check tables, made from a seed. Words and header names are those of mail.py, so that
rules hit."""
WORDS = 'alpha bravo charlie delta echo foxtrot golf hotel'.split()
NAMES = ('Subject X-Test X-Mailer From To Cc Message-Id Received Date Content-Type Content-Disposition MIME-Version '
         'Content-Transfer-Encoding Content-Language List-Id Return-Path Bcc Reply-To Resent-From X-Long Sender').split()
ADDRESS_NAMES = 'From To Cc Bcc Reply-To Resent-From Sender Return-Path'.split()
ADDRESS = ['bcc%d@other.example' % i for i in range(3)] + ['you@dest.example', 'a.b@other.example']
BARE_CODES = ('5.7.1', '4.3.0 ')  # compat.md, deviation 24
TEXTS = ['no way', '5.7.9 own code', '4.7.1 later', '2.0.0 wrong', '554 5.7.1 x', '5.7.1.2 x', '4', '', 'tab\there',
         'Text with $1 in it', 'caf\xc3\xa9 8-bit', 'x' * 230, '5.7.1', '5.1.10\tafter tab', '4.3.0 ']


def pattern(rng, dialect, kind):
    word = rng.choice(WORDS)
    name = rng.choice(NAMES)
    forms = ['/%s/' % word, '/^%s/' % word, '/(%s)(.*)$/' % word, '/%s +([a-z]+)/' % word, '/[%s%s]%s/' % (word[0], word[0].upper(), word[1:])]
    if kind == 'header':
        forms += ['/^%s:/' % name, '/^%s:.*%s/' % (name, word), '/^(%s): *(.*)$/' % name, '/^%s:(.*)%s/m' % (name, word),
                  '/^(%s|%s):/' % (name, rng.choice(NAMES)), '/^Content-(Type|Disposition): *([^;]*)/', '/^X-/', '/\xc3/']
    else:
        forms += ['/^-- ?/', '/^ /', '/%s$/' % word, '/./', '/^$/', '/^(.)(.*)$/', '/x{40}/', '/^\\./', '/=[0-9A-F]{2}/', '/\xe9/']
    if dialect == 'pcre' and rng.random() < 0.1:
        forms += ['/(?=.*%s)%s/' % (word, rng.choice(WORDS)), '/(?i)%s\\b/' % word, '/%s(?!x)/i' % word]
    text = rng.choice(forms)
    return text


def header_text(rng, local):
    """`local`: no address header, which Postfix would rewrite (see mail.py)."""
    name = rng.choice([n for n in NAMES if not local or n not in ADDRESS_NAMES])
    forms = ['X-Added: %s' % rng.choice(WORDS), 'X-Copy: $1', '%s: new %s' % (name, rng.choice(WORDS)),
             'Subject: replaced', 'X-Added:', 'X Bad: y', 'no colon', ': x', 'X-Tab:\tt', 'From: new@other.example',
             'Message-Id: <made@other.example>', 'X-Sp : y', 'Content-Type: text/plain',
             'X-8: caf\xc3\xa9', 'X-Very: ' + 'long ' * 60]
    return rng.choice(forms if local else forms + ['$1: $1'])


def value(rng, kind, light, local):
    """An action. `light` leaves out what ends the checks, so that the rest of the message is looked at."""
    address, text = rng.choice(ADDRESS), rng.choice(TEXTS)
    line = header_text(rng, local) if kind == 'header' else rng.choice(['new body line', '.', '', '$1', '  x', 'y' * 80, 'caf\xc3\xa9'])
    log = rng.choice(['', 'seen', '[$1]', 'a $1 b', text])
    choices = [(10, 'WARN ' + log), (6, 'INFO ' + log), (6, 'PREPEND ' + line), (6, 'REPLACE ' + line), (3, 'IGNORE'),
               (3, 'STRIP ' + log), (3, 'DUNNO'), (1, 'OK'), (2, 'BCC ' + address), (1, 'HOLD ' + log),
               (2, 'FILTER @SMTP@:[127.0.0.1]:@SINK7@'), (1, 'warn lower case'), (1, 'FROB ' + log), (0.5, 'DELAY 1h'),
               (1, rng.choice(['FILTER', 'FILTER x', 'BCC', 'BCC nobody', 'REDIRECT', 'REDIRECT nobody', 'PREPEND',
                               'REPLACE', 'HOLD', 'IGNORE text', 'DUNNO text', 'WARN\ttab', 'INFO  two blanks '])),
               (0.5, '$1')]
    if not light:
        choices += [(3, 'REJECT ' + (text if text not in BARE_CODES else 'no way')), (1, 'DISCARD ' + log), (2, 'REDIRECT ' + address), (1, 'PASS ' + log),
                    (1, 'FILTER @SMTP@:[127.0.0.1]:@SINK@'), (0.4, '')]
    total = rng.random() * sum(w for w, _ in choices)
    for weight, choice in choices:
        total -= weight
        if total < 0:
            return choice
    return 'DUNNO'


def with_group(text):
    """$1 needs a group; where the pattern has none the value loses its $1 (a rule that cannot be kept says little)."""
    return '(' in text.replace('(?', '')


def table(rng, dialect, kind, local):
    lines, depth = ['# made'], 0
    light = rng.random() < 0.5
    for _ in range(rng.choice([1, 2, 4, 8])):
        roll = rng.random()
        test = pattern(rng, dialect, kind)
        if roll < 0.1:
            lines.append('if ' + rng.choice(['', '', '!']) + test)
            depth += 1
            continue
        if roll < 0.15 and depth:
            lines.append('endif')
            depth -= 1
            continue
        action = value(rng, kind, light, local)
        if not with_group(test) and rng.random() < 0.95:
            action = action.replace('$1', 'one')
        negated = '!' if rng.random() < 0.04 else ''
        if negated:
            action = action.replace('$1', 'one')
        lines.append('%s%s%s%s' % (negated, test, rng.choice([' ', '\t', '   ']), action))
        if rng.random() < 0.02:
            lines.append(rng.choice(['/(/ WARN bad', '/x', 'word', 'endif', '/a/q WARN']))
    if rng.random() < 0.9:
        lines += ['endif'] * depth
    return ('\n'.join(lines) + '\n').encode('latin-1')


def inline(rng, dialect, kind, local):
    items = []
    for _ in range(rng.choice([1, 2, 3])):
        text = '%s %s' % (pattern(rng, dialect, kind), value(rng, kind, True, local))
        if '{' not in text and '}' not in text:
            items.append('{ %s }' % text.replace('$', '$$'))
    return '%s:{ %s }' % (dialect, rng.choice([', ', ' ']).join(items))


def keyed(rng, tables, kind, local):
    """A table of another type: whole keys, any key, addresses."""
    action = lambda: value(rng, kind, True, local).replace('$1', 'one')
    keys = [rng.choice(WORDS + ['--b', '.', 'X-Test:', 'Subject:', 'line', '192.0.2.1']) for _ in range(3)]
    roll = rng.random()
    if roll < 0.4:
        name = '%s%d.text' % (kind, len(tables))
        keys = keys if rng.random() < 0.1 else sorted(set(keys))  # a duplicate makes the table unavailable
        tables[name] = ''.join('%s %s\n' % (k, action()) for k in keys).encode('latin-1')
        return 'texthash:@DIR@/' + name
    if roll < 0.6:
        name = '%s%d.cidr' % (kind, len(tables))
        tables[name] = ('192.0.2.0/24 %s\n!2001:db8::/32 %s\n' % (action(), action())).encode('latin-1')
        return 'cidr:@DIR@/' + name
    text = action().strip()
    if '{' in text or '}' in text or '$' in text:
        text = 'WARN plain'
    return 'static:{ %s }' % text if roll < 0.8 else 'inline:{ {%s = %s} }' % (keys[0], text)


def table_list(rng, tables, kind, local):
    """A parameter's value; new tables are added to `tables`."""
    specs = []
    for _ in range(rng.choice([1, 1, 1, 2])):
        dialect = rng.choice(['pcre', 'pcre', 'regexp'])
        if rng.random() < 0.05:
            specs.append(keyed(rng, tables, kind, local))
            continue
        if rng.random() < 0.08:
            specs.append(inline(rng, dialect, kind, local))
            continue
        name = '%s%d.%s' % (kind, len(tables), dialect)
        tables[name] = table(rng, dialect, kind, local)
        specs.append('%s:@DIR@/%s' % (dialect, name))
    if rng.random() < 0.01:
        specs.append('pcre:@DIR@/missing')
    return rng.choice([' ', ', ', ',']).join(specs)


def configuration(rng):
    """(params, tables, whether clients count as local)"""
    params, tables = {}, {}

    def maybe(probability, name, *values):
        if rng.random() < probability:
            params[name] = rng.choice(values)

    local = rng.random() < 0.2  # Postfix rewrites the addresses of local clients' headers: mail.py takes care
    if not local:
        params['local_header_rewrite_clients'] = ''
    if rng.random() < 0.9:
        params['header_checks'] = table_list(rng, tables, 'header', local)
    if rng.random() < 0.8:
        params['body_checks'] = table_list(rng, tables, 'body', local)
    for name in ('mime_header_checks', 'nested_header_checks'):
        roll = rng.random()
        if roll < 0.3:
            params[name] = table_list(rng, tables, 'header', local)
        elif roll < 0.4:
            params[name] = ''
    maybe(0.1, 'disable_mime_input_processing', 'yes')
    for name in ('strict_7bit_headers', 'strict_8bitmime', 'strict_8bitmime_body', 'strict_mime_encoding_domain'):
        maybe(0.06, name, 'yes')
    maybe(0.06, 'message_reject_characters', '\\001', '\\0\\001', '\\\\', '\\a\\b')  # none that a queue id may have
    maybe(0.06, 'message_strip_characters', '\\0', '\\001\\002', 'E', '\\t')
    maybe(0.12, 'header_size_limit', '20', '60', '200', '1000', '2500')
    maybe(0.25, 'body_checks_size_limit', '0', '1', '20', '100', '1000', '2100')
    maybe(0.1, 'mime_nesting_limit', '1', '2', '5')
    maybe(0.08, 'mime_boundary_length_limit', '1', '3', '20')
    maybe(0.1, 'line_length_limit', '520', '600', '1000')  # compat.md, deviation 19
    maybe(0.1, 'smtp_line_length_limit', '0', '100', '512')
    maybe(0.2, 'always_add_missing_headers', 'yes')
    maybe(0.03, 'receive_override_options', 'no_header_body_checks', 'no_address_mappings', 'no_unknown_recipient_checks')
    maybe(0.5, 'smtputf8_enable', 'no', 'yes')
    maybe(0.1, 'cleanup_replace_stray_cr_lf', 'no')
    maybe(0.1, 'message_drop_headers', '', 'x-test', 'subject, bcc', 'resent-bcc x-mailer')
    maybe(0.4, 'smtpd_forbid_bare_newline', 'normalize', 'normalize', 'reject', 'yes')
    maybe(0.08, 'message_size_limit', '900', '1500', '3000', '5000', '20000')
    maybe(0.05, 'hopcount_limit', '1', '2', '3')
    maybe(0.03, 'content_filter', '@SMTP@:[127.0.0.1]:@SINK7@')
    maybe(0.04, 'soft_bounce', 'yes')
    if not local:
        maybe(0.05, 'header_address_token_limit', '1', '5')
    maybe(0.2, '#sink', '7bit')
    return params, tables, local
