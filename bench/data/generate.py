#!/usr/bin/env python3
"""Writes check tables and mail for benchmarks: the same bytes for the same arguments, on every machine.

    generate.py DIR [--seed N] [--rules 1,10,100,1000,5000] [--messages N] [--eml] [--lines] [--tables-only]

    DIR/body_N.pcre, head_N.pcre         N rules, flat            DIR/mail.mbox          the messages, LF line ends
    DIR/body_N.if.pcre, head_N.if.pcre   the same in if-groups    DIR/eml/000000.eml     with --eml: a file each, CRLF
    DIR/*.regexp                         the same in POSIX's spelling
    DIR/bodies.txt, DIR/headers.txt      with --lines: all body lines, all header lines, one message after the other

A table does not depend on which other tables are asked for, a message not on how many follow. In each rule at least one
word occurs in no message, so that only the last, planted rule of a table is ever hit: one message in a hundred has a
body line and a header for it. That is how a check table meets ordinary mail, and the worst case of first-match-wins.
The if-groups never change a verdict: a group's condition holds for whatever one of its rules matches.
"""
import argparse
import base64
import bisect
import itertools
import os
import random

COMMON = """the to of and a in for is you that on it with this be your as are have at we from or by will can not if but all our an
was has they which one so there what when up out do me my nothing father away even then teach pull alone point city
example where less full reach big seem start north air study often went call now new better six although yet such ask
last almost together slow among being simple town small gave book space list saw may perhaps idea line ready said give
had miss fast page green short love tree must took between some day carry real white know piece please house under
grow code able every began were home mean family his say attached stand wait since should use several most tell door
ground round next week stay earth left below old review right fact top street voice hand light area company write few
size act only became field other behind different food he form check people deal way run minute many hard great about
came yes final age file never send put make test let through did first same over enough second end part boy important
night build her against back long told get mother system man ran amount body friend change ten place each would walk
appear low letter rest river them take close toward table certain half see wood paper look turn without rule around
problem step number contact keep talk morning well bring eye than usual kind just does girl plain come face three
person play power two group might cut main knew picture sea ever who easy want leave unit word learn strong land fall
add draw interest find name above eat hold travel hear year read time though young open him think car warm plan month
sleep course mark late live us down help into thought feel also set cause best across large too good road hope whole
like more any answer clear notice true its ago war note before lost both quick question very cold how here these
follow care song soon she life early wonder hour along little watch their no state sentence made south move room off
until work own why found reply country always business meeting could pass special near once much story world high
already king animal still during because try again music school water thing go done those need public show shall wind
while far gold side head press after sure been star thanks produce sun mind complete ship stop got customer service
delivery document information mail message newsletter product project regards report server team free account click
money order password bank offer price invoice pills credit winner update""".split()  # in order of frequency: the topics of spam are the rarest
TOPICS = "free account click money order password bank offer price invoice pills credit winner update".split()
ONSETS = "b br c ch d dr f fl g gl h j k kr l m n p pl qu r s st t tr v w z".split()
NUCLEI = "a ai e ea i ia o oa u ue".split()
CODAS = ["", "", "", "l", "n", "r", "s", "th", "x"]
TEXT_WORDS = 9000  # of which the messages are made
RARE_WORDS = 6000  # which no message has


class Words:
    """The vocabulary. Rank r is met about 1/r as often as the first word."""

    def __init__(self, seed):
        dice = random.Random("words %d" % seed)
        self.text = list(dict.fromkeys(COMMON))
        known = set(self.text)
        self.common = len(self.text)
        while len(self.text) < TEXT_WORDS:
            self._invent(dice, known, self.text, dice.choice((1, 2, 2, 2, 3)), 4)
        everything = " ".join(self.text)
        self.rare = []
        while len(self.rare) < RARE_WORDS:
            before = len(self.rare)
            self._invent(dice, known, self.rare, dice.choice((3, 3, 4)), 7)
            if len(self.rare) > before and self.rare[-1] in everything:
                self.rare.pop()
        weights = (1.0 / (rank + 2.7) for rank in range(len(self.text)))
        self.cumulative = list(itertools.accumulate(weights))

    @staticmethod
    def _invent(dice, known, into, syllables, shortest):
        word = "".join(dice.choice(ONSETS) + dice.choice(NUCLEI) + dice.choice(CODAS) for _ in range(syllables))
        if len(word) >= shortest and word not in known:
            known.add(word)
            into.append(word)

    def any(self, dice):
        return self.text[bisect.bisect(self.cumulative, dice.random() * self.cumulative[-1])]

    def middling(self, dice):
        return self.text[dice.randrange(self.common, len(self.text))]

    def unseen(self, dice):
        return dice.choice(self.rare)


# Tables. Every pattern is made twice: in PCRE's spelling and in that of POSIX extended regular expressions, which knows
# neither \b nor \s nor \d.
def posix(pattern):
    return pattern.replace(r"\b", "").replace(r"\s+", " +").replace(r"\s*", " *").replace(r"\s", " ").replace(r"\d", "[0-9]")


class Rules:
    def __init__(self, words, seed, kind, count):
        self.words = words
        self.dice = random.Random("%s %d rules, seed %d" % (kind, count, seed))
        self.count = count

    def rare(self):
        return self.words.unseen(self.dice)

    def mid(self):
        return self.words.middling(self.dice)

    def pick(self, text, count=1, glue="|"):
        return glue.join(self.dice.sample(text.split(), count))

    # Body.
    def url(self):
        shape = self.dice.randrange(6)
        if shape == 0:
            endings = self.pick("ru top xyz click su loan work icu cam rest bid win", self.dice.randrange(2, 5))
            return r"\bhttps?:\/\/[a-z0-9.-]+%s[a-z0-9.-]*\.(%s)\b" % (self.rare()[:5], endings)
        if shape <= 2:
            return r"https?:\/\/([a-z0-9-]+\.)*%s%d\.(com|net|org|info)" % (self.rare(), self.dice.randrange(10, 999))
        if shape == 3:
            return r"https?:\/\/(www\.)?%s-?%s\." % (self.mid(), self.rare())
        if shape == 4:
            return r'href="?https?:\/\/[^\/"]*%s' % self.rare()
        return r"https?:\/\/\d{1,3}\.\d{1,3}\.%d\.%d\/" % (self.dice.randrange(256, 999), self.dice.randrange(1, 254))

    def html(self):
        shape = self.dice.randrange(5)
        if shape == 0:
            return r"<iframe[^>]*src=[^>]*%s" % self.rare()
        if shape == 1:
            return r"<(img|embed|object)\s[^>]*%s\.(gif|jpg|swf)" % self.rare()
        if shape == 2:
            return r"<font[^>]*color=.?#?%06x" % self.dice.randrange(1 << 24)
        if shape == 3:
            return r"<script[^>]*>.*%s" % self.rare()
        return r"<!--\s*%s" % self.rare()

    def mime_name(self):
        kinds = self.pick("exe scr pif bat com vbs cpl hta jse wsf lnk reg ace jar", 3)
        return r'^Content-(Type|Disposition):.*(file)?name\s*=\s*"?%s.*\.(%s)"?\s*$' % (self.rare(), kinds)

    def uuencode(self):
        return r"^begin [0-7]{3} .*%s\.(exe|scr|pif)$" % self.rare()

    def percent(self):
        return r"[0-9]{2,3}%% (off|discount|guaranteed|more) .*%s" % self.rare()

    def base64_prefix(self):
        text = base64.b64encode(self.dice.randbytes(18)).decode()
        return "^" + text.replace("+", r"\+").replace("/", r"\/")

    def phrase(self, topic):
        shape = self.dice.randrange(6)
        if shape == 0:
            return r"\b%s\s+%s\s+%s\b" % (topic, self.mid(), self.rare())
        if shape == 1:
            return r"%s %s %s" % (self.mid(), self.rare(), topic)
        if shape == 2:
            return r"%s.{0,20}%s.*%s" % (topic, self.mid(), self.rare())
        if shape == 3:
            first = self.words.any(self.dice)
            return r"(%s|%s)\s+%s\s+(%s|%s)" % (first, self.mid(), topic, self.rare(), self.rare())
        if shape == 4:
            return r"%s %s" % (topic, self.rare())
        return r"(get|buy|claim|verify) your %s %s (today|now|online)" % (self.rare(), topic)

    def leet(self):
        looks = {"a": "[a@4]", "e": "[e3]", "i": "[i1!|]", "o": "[o0]", "s": "[s$5]"}
        spelt = ["".join(looks.get(letter, letter) for letter in word) for word in (self.rare(), self.mid())]
        return "[ ._-]?".join(spelt)

    # Headers.
    def subject(self):
        shape = self.dice.randrange(4)
        if shape == 0:
            return r"^Subject:.*%s" % self.rare()
        if shape == 1:
            return r"^Subject:.*\b%s\s+%s\b" % (self.dice.choice(TOPICS), self.rare())
        if shape == 2:
            return r"^Subject: (Re: )?%s %s" % (self.mid(), self.rare())
        return r"^Subject:\s*=\?(koi8-r|windows-125%d)\?.*%s" % (self.dice.randrange(9), self.rare())

    def address(self, name):
        shape = self.dice.randrange(3)
        if shape == 0:
            return r"^%s:.*@([a-z0-9-]+\.)*%s\.(com|net|biz)" % (name, self.rare())
        if shape == 1:
            return r"^%s:.*<%s@" % (name, self.rare())
        return r'^%s:.*"?%s %s' % (name, self.mid(), self.rare())

    def received(self):
        if self.dice.random() < 0.5:
            return r"^Received:.*\[%d\.%d\.%d\." % tuple(self.dice.randrange(low, high) for low, high in ((1, 223), (256, 999), (0, 256)))
        return r"^Received: from .*%s.*\.(dyn|dsl|ppp)" % self.rare()

    def file_name(self, name):
        return r'^%s:.*name\s*=\s*"?.*%s.*\.(exe|scr|vbs|js)"?' % (name, self.rare())

    def word(self, name):
        return r"^%s:.*%s" % (name, self.rare())

    # (share, if-condition or None, maker)
    def body_groups(self):
        yield 0.25, r"https?:\/\/", self.url
        yield 0.08, r"<[a-z!]", self.html
        yield 0.04, r"^Content-", self.mime_name
        yield 0.01, r"^begin [0-7]", self.uuencode
        yield 0.04, r"[0-9]%", self.percent
        yield 0.08, r"^[a-z0-9+\/]{24}", self.base64_prefix
        for topic in TOPICS:
            yield 0.46 / len(TOPICS), topic, lambda topic=topic: self.phrase(topic)
        yield 0.04, None, self.leet

    def head_groups(self):
        def by_name(share, maker, *names):
            for name in names:
                yield share, "^%s:" % name, lambda name=name: maker(name)

        yield 0.40, "^Subject:", self.subject
        yield from by_name(0.16, self.address, "From")
        yield 0.10, "^Received:", self.received
        yield from by_name(0.03, self.address, "To", "Reply-To")
        yield from by_name(0.02, self.address, "Return-Path", "Sender", "Cc")
        yield from by_name(0.03, self.file_name, "Content-Type", "Content-Disposition")
        yield from by_name(0.04, self.word, "X-Mailer")
        yield from by_name(0.02, self.word, "Message-ID", "List-Id", "List-Unsubscribe", "User-Agent")
        yield from by_name(0.01, self.word, "Date", "DKIM-Signature", "Organization", "X-Originating-IP")

    def groups(self, kind):
        """(condition, patterns) in order; the planted rule is the last. The shares are met as nearly as whole rules allow."""
        made = list(self.body_groups() if kind == "body" else self.head_groups())
        total, done, share = sum(group[0] for group in made), 0, 0.0
        for weight, condition, maker in made:
            share += weight / total
            wanted = round(share * (self.count - 1))
            yield condition, [maker() for _ in range(wanted - done)]
            done = wanted
        yield None, [r"plantedbodyword[0-9]+" if kind == "body" else r"^X-Planted: plantedheaderword"]


def write_table(path, groups, grouped, spelling):
    number = 0
    with open(path, "w", encoding="ascii") as out:
        for condition, patterns in groups:
            with_if = grouped and condition and patterns
            if with_if:
                out.write("if /%s/\n" % condition)
            for pattern in patterns:
                number += 1
                action = "WARN" if "planted" in pattern else "REJECT"
                out.write("/%s/ %s rule %d\n" % (spelling(pattern), action, number))
            if with_if:
                out.write("endif\n")


# Messages.
class Mail:
    def __init__(self, words, seed):
        self.words, self.seed = words, seed
        dice = random.Random("domains %d" % seed)
        self.domains = [words.middling(dice) + dice.choice((".com", ".org", ".net", ".de", ".io", ".co.uk")) for _ in range(400)]
        self.dice = dice

    def mid(self):
        return self.words.middling(self.dice)

    def domain(self):
        return self.dice.choice(self.domains)

    def host(self):
        return "%s%d.%s" % (self.dice.choice(("mail", "mx", "smtp", "out", "relay")), self.dice.randrange(1, 40), self.domain())

    def token(self, size):
        return base64.urlsafe_b64encode(self.dice.randbytes(size)).decode().rstrip("=")

    def some(self, least, most):
        return " ".join(self.words.any(self.dice) for _ in range(self.dice.randrange(least, most)))

    def date(self):
        dice = self.dice
        return "Fri, %d Jun 2024 %02d:%02d:%02d +0000" % (dice.randrange(1, 28), dice.randrange(24), dice.randrange(60), dice.randrange(60))

    def headers(self, number, content):
        dice = self.dice
        sender, here, user = self.domain(), self.domain(), self.mid()
        lines = []
        for _ in range(dice.randrange(3, 7)):
            address = ".".join(str(dice.randrange(1, 223)) for _ in range(4))
            lines += ["Received: from %s (%s [%s])" % (self.host(), self.host(), address),
                      "\tby %s (Postfix) with ESMTPS id %s" % (self.host(), self.token(9)),
                      "\tfor <%s@%s>; %s (UTC)" % (user, here, self.date())]
        lines += ["DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=s%d;" % (sender, dice.randrange(9)),
                  "\tt=1717%06d; h=from:to:subject:date:message-id:mime-version;" % dice.randrange(10**6),
                  "\tbh=%s;" % self.token(32), "\tb=%s" % self.token(54)]
        lines += ["\t %s" % self.token(54) for _ in range(4)]
        lines += ["Authentication-Results: %s; dkim=pass header.d=%s;" % (self.host(), sender),
                  "\tspf=pass smtp.mailfrom=%s@%s; dmarc=pass" % (user, sender),
                  "Return-Path: <%s@%s>" % (user, sender), "Date: %s" % self.date(),
                  'From: "%s %s" <%s@%s>' % (self.words.any(dice).capitalize(), self.mid().capitalize(), user, sender),
                  'To: "%s %s" <%s@%s>' % (self.words.any(dice).capitalize(), self.mid().capitalize(), self.mid(), here),
                  "Subject: %s%s" % (dice.choice(("", "", "Re: ")), self.some(3, 12)),
                  "Message-ID: <%s.%d@%s>" % (self.token(12), number, sender)]
        if dice.random() < 0.3:
            lines.append("Cc: " + ", ".join("%s@%s" % (self.mid(), self.domain()) for _ in range(dice.randrange(1, 6))))
        if dice.random() < 0.3:
            lines.append("Reply-To: <%s@%s>" % (user, sender))
        if dice.random() < 0.4:
            references = ["<%s@%s>" % (self.token(12), self.domain()) for _ in range(dice.randrange(1, 5))]
            lines += ["References: " + references[0]] + ["\t" + one for one in references[1:]]
        if dice.random() < 0.5:
            lines.append(dice.choice(("X-Mailer: Microsoft Outlook 16.0", "User-Agent: Mozilla Thunderbird", "X-Mailer: Apple Mail (2.3774)")))
        if dice.random() < 0.4:
            lines += ["List-Id: <%s.%s>" % (self.mid(), sender), "List-Unsubscribe: <https://%s/u/%s>" % (sender, self.token(9))]
        if number % 100 == 50:
            lines.append("X-Planted: plantedheaderword")
        return lines + ["MIME-Version: 1.0"] + content

    def text(self, size):
        dice, lines = self.dice, []
        while size > 0:
            line = ""
            if dice.random() >= 0.12:
                wanted = dice.randrange(50, 78) if dice.random() < 0.85 else dice.randrange(3, 40)
                while len(line) < wanted:
                    line += self.words.any(dice) + " "
                line = line.rstrip()
                if dice.random() < 0.03:
                    line += " https://www.%s/%s/%s" % (self.domain(), self.mid(), self.mid())
                if dice.random() < 0.004:
                    line += " %d%% of %s" % (dice.randrange(1, 99), self.words.any(dice))
                if dice.random() < 0.1:
                    line = "> " + line
            lines.append(line)
            size -= len(line) + 1
        return lines

    def html(self, size):
        dice = self.dice
        lines = ['<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head>', '<body bgcolor="#ffffff">']
        makers = (
            lambda: '<table width="100%%" border="0"><tr><td align="left" style="font-family:Arial;font-size:%dpx;color:#%06x">' % (dice.randrange(9, 20), dice.randrange(1 << 24)),
            lambda: '<a href="https://click.%s/track/%s?u=%d" style="color:#%06x">%s.</a>' % (self.domain(), self.token(12), dice.randrange(1 << 30), dice.randrange(1 << 24), self.some(3, 6)),
            lambda: '<img src="https://img.%s/%s/%s.png" width="%d" height="%d" alt="%s">' % (self.domain(), self.mid(), self.mid(), dice.randrange(600), dice.randrange(600), self.words.any(dice)),
            lambda: "</td></tr></table><br>", lambda: "<p>%s.</p>" % self.some(8, 40), lambda: self.some(6, 14))
        while size > 0:
            lines.append(dice.choice(makers)())
            size -= len(lines[-1]) + 1
        return lines + ["</body></html>"]

    def base64(self, size):
        return [base64.b64encode(self.dice.randbytes(57)).decode() for _ in range(size // 77)] + [base64.b64encode(self.dice.randbytes(20)).decode()]

    def message(self, number):
        """(header lines, body lines)"""
        self.dice = dice = random.Random("message %d, seed %d" % (number, self.seed))
        size = max(3000, int(dice.gauss(17800, 5000)))
        boundary = "----=_Part_%d_%s" % (number, self.token(9))
        plain = ["--" + boundary, "Content-Type: text/plain; charset=utf-8", ""]
        kind = dice.random()
        if kind < 0.4:
            content = ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 7bit"]
            body = self.text(size)
        elif kind < 0.7:
            content = ["Content-Type: multipart/alternative;", '\tboundary="%s"' % boundary]
            body = plain + self.text(size // 3) + ["", "--" + boundary, "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: 8bit", ""]
            body += self.html(size * 2 // 3) + ["", "--%s--" % boundary]
        else:
            name = self.mid() + dice.choice((".pdf", ".docx", ".png", ".zip"))
            content = ["Content-Type: multipart/mixed;", '\tboundary="%s"' % boundary]
            body = plain + self.text(size // 3) + ["", "--" + boundary, 'Content-Type: application/octet-stream; name="%s"' % name]
            body += ["Content-Transfer-Encoding: base64", 'Content-Disposition: attachment; filename="%s"' % name, ""]
            body += self.base64(size * 2 // 3) + ["--%s--" % boundary]
        if number % 100 == 99:
            if kind < 0.7:
                body.insert(len(body) // 6, "buy plantedbodyword%d here" % number)
            else:
                body.insert(3, "buy plantedbodyword%d here" % number)
        return self.headers(number, content), body


def write_mail(directory, mail, count, eml, lines):
    if eml:
        os.makedirs(os.path.join(directory, "eml"), exist_ok=True)
    texts = [open(os.path.join(directory, name) if lines else os.devnull, "w", encoding="ascii") for name in ("headers.txt", "bodies.txt")]
    header_bytes = body_bytes = body_lines = 0
    with open(os.path.join(directory, "mail.mbox"), "w", encoding="ascii", newline="\n") as mbox:
        for number in range(count):
            head, body = mail.message(number)
            header_bytes += sum(len(line) + 1 for line in head)
            body_bytes += sum(len(line) + 1 for line in body)
            body_lines += len(body)
            for out, part in zip(texts, (head, body)):
                out.write("\n".join(part) + "\n")
            quoted = [">" + line if line.startswith("From ") else line for line in body]
            mbox.write("From sender@example.com Fri Jun  7 00:00:00 2024\n" + "\n".join(head + [""] + quoted) + "\n\n")
            if eml:
                with open(os.path.join(directory, "eml", "%06d.eml" % number), "w", encoding="ascii", newline="\r\n") as out:
                    out.write("\n".join(head + [""] + body) + "\n")
    for out in texts:
        out.close()
    print("%d messages: %d header bytes, %d body bytes in %d lines" % (count, header_bytes, body_bytes, body_lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rules", default="1,10,100,1000,5000")
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--eml", action="store_true", help="also a file a message")
    parser.add_argument("--lines", action="store_true", help="also the texts alone")
    parser.add_argument("--tables-only", action="store_true")
    options = parser.parse_args()
    os.makedirs(options.directory, exist_ok=True)
    words = Words(options.seed)
    for count in (int(one) for one in options.rules.split(",")):
        for kind in ("body", "head"):
            groups = list(Rules(words, options.seed, kind, count).groups(kind))
            for dialect, spelling in (("pcre", str), ("regexp", posix)):
                write_table(os.path.join(options.directory, "%s_%d.%s" % (kind, count, dialect)), groups, False, spelling)
                write_table(os.path.join(options.directory, "%s_%d.if.%s" % (kind, count, dialect)), groups, True, spelling)
    if not options.tables_only:
        write_mail(options.directory, Mail(words, options.seed), options.messages, options.eml, options.lines)


if __name__ == "__main__":
    main()
