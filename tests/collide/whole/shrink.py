"""Makes a failing case small: fewer messages, parameters, table lines, header and body lines, as long as a difference of
the same kind remains. Each round puts two dozen candidates through both servers at once; what could go by itself is then
tried together."""
import dataclasses

AT_ONCE = 24


def units(case):
    """What can be taken away, in lists of neighbours."""
    lists = [[('message', i) for i in range(len(case.messages))], [('param', name) for name in case.params]]
    for name, text in case.tables.items():
        lists.append([('table', name, i) for i in range(len(text.split(b'\n')))])
    for i, message in enumerate(case.messages):
        lists.append([('line', i, j) for j in range(len(message.content.split(b'\n')))])
        lists.append([('recipient', i, j) for j in range(1, len(message.recipients))] + [('options', i)])
    return lists


def without(case, gone):
    messages = []
    for i, m in enumerate(case.messages):
        if ('message', i) in gone:
            continue
        lines = [line for j, line in enumerate(m.content.split(b'\n')) if ('line', i, j) not in gone]
        recipients = tuple(r for j, r in enumerate(m.recipients) if ('recipient', i, j) not in gone)
        messages.append(dataclasses.replace(m, content=b'\n'.join(lines), recipients=recipients,
                                            options='' if ('options', i) in gone else m.options))
    tables = {name: b'\n'.join(line for j, line in enumerate(text.split(b'\n')) if ('table', name, j) not in gone)
              for name, text in case.tables.items()}
    return case.copy(params={k: v for k, v in case.params.items() if ('param', k) not in gone}, tables=tables,
                     messages=messages)


def groups(lists, gone, size):
    found = []
    for neighbours in lists:
        left = [unit for unit in neighbours if unit not in gone]
        found += [set(left[i:i + size]) for i in range(0, len(left), size)]
    return found


def shorter_lines(case):
    found = []
    for i, m in enumerate(case.messages):
        lines = m.content.split(b'\n')
        for j, line in enumerate(lines):
            if len(line) > 40:
                for half in (line[:len(line) // 2] + line[-1:], line[:20] + line[len(line) // 2:]):
                    smaller = dataclasses.replace(m, content=b'\n'.join(lines[:j] + [half] + lines[j + 1:]))
                    found.append(case.copy(messages=case.messages[:i] + [smaller] + case.messages[i + 1:]))
    return found


def shrink(case, fails, rounds=40):
    """fails([case…]) says for each whether it still fails. The result fails too."""
    lists, gone = units(case), set()
    size = max(len(neighbours) for neighbours in lists)
    while size >= 1 and rounds > 0:
        size = (size + 1) // 2
        candidates, winners = groups(lists, gone, size), []
        for start in range(0, len(candidates), AT_ONCE):
            batch = candidates[start:start + AT_ONCE]
            rounds -= 1
            winners += [g for g, bad in zip(batch, fails([without(case, gone | g) for g in batch])) if bad]
        together = [set().union(*winners[:n]) for n in range(len(winners), 0, -max(1, len(winners) // 8))]
        if together:
            rounds -= 1
            verdicts = fails([without(case, gone | g) for g in together])
            gone |= next((g for g, bad in zip(together, verdicts) if bad), winners[0])
        elif size == 1:
            break
    case = without(case, gone)
    for _ in range(8):
        candidates = shorter_lines(case)[:AT_ONCE]
        smaller = next((c for c, bad in zip(candidates, fails(candidates)) if bad), None) if candidates else None
        if smaller is None:
            break
        case = smaller
    used = ' '.join(case.params.values())
    return case.copy(tables={name: text for name, text in case.tables.items() if name in used})
