"""The demo's messages: what is sent, and what the sample tables make of it."""
import re


class Message:
    """One message and its expected fate.
    reply: a prefix of the final reply.  arrives_at: users whose Maildir gets it.
    has / lacks: regular expressions that the delivered text must / must not match."""

    def __init__(self, title, headers="", body="Hello,\n\nthis is the body.\n", reply="250 2.0.0 Ok: queued as ", to="alice",
                 arrives_at=None, held=False, has=(), lacks=(), shown=None, large=False):
        self.title, self.headers, self.body, self.reply = title, headers, body, reply
        self.to = to + "@demo.example"
        self.arrives_at = (("alice",) if reply.startswith("250") and not held else ()) if arrives_at is None else arrives_at
        self.held, self.has, self.lacks, self.large = held, has, lacks, large
        self.shown = shown or headers.strip().splitlines()[-1]

    def data(self):
        body = self.body() if callable(self.body) else self.body
        text = ("From: Sender <sender@remote.example>\nTo: Alice <%s>\nDate: Mon, 02 Mar 2026 10:00:00 +0000\n"
                "Message-ID: <%s@remote.example>\n%s" % (self.to, re.sub(r"\W+", "-", self.title), self.headers))
        return (text + ("" if self.headers.count("\n\n") else "\n") + body).encode()

    @staticmethod
    def _read(path):
        with open(path, encoding="utf-8", errors="replace", newline="") as f:
            return f.read()

    @staticmethod
    def _body(text):
        """what follows the headers; swaks ends a message with an empty line of its own"""
        return text.split("\n\n", 1)[1].rstrip("\n")

    def problems(self, reply, new, held):
        found = []
        if not reply.startswith(self.reply):
            found.append("the reply should begin with: " + self.reply)
        if set(new) != set(self.arrives_at):
            found.append("should arrive at %s, arrived at %s" % (sorted(self.arrives_at), sorted(new)))
        if bool(held) != self.held:
            found.append("hold queue: %d" % held)
        for paths in new.values():
            text = self._read(paths[-1])
            found += ["should contain " + p for p in self.has if not re.search(p, text, re.M)]
            found += ["should not contain " + p for p in self.lacks if re.search(p, text, re.M)]
            if not self.has and not self.lacks and self._body(text) != self._body(self.data().decode()):
                found.append("the body is not what was sent")
        return found

    def describe(self, new, held):
        if held:
            return "nothing: 1 message in the hold queue"
        if not new:
            return "nothing"
        lines = []
        for user, paths in new.items():
            text = self._read(paths[-1])
            line = "%s: 1 message, %s bytes" % (user, format(len(text.encode()), ","))
            marks = [m.group(0) for p in self.has for m in [re.search(p, text, re.M)] if m]
            if marks:
                line += ", with: " + "; ".join(marks)
            elif self.lacks:
                line += ", and the header is gone"
            else:
                line += ", body as sent"
            lines.append(line)
        return "\n".join(lines)


def subject(text):
    return "Subject: %s\n" % text


def part(headers, body):
    return "--outer\n%s\n%s\n" % (headers, body)


MIXED = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=outer\n"
NESTED_EXE = (part("Content-Type: text/plain\n", "See the attachment.") +
              part("Content-Type: message/rfc822\n",
                   "Subject: the attached message\nContent-Type: multipart/mixed; boundary=inner\n\n"
                   "--inner\nContent-Type: application/octet-stream;\n name=\"invoice.pdf.exe\"\n\nMZ...\n--inner--") + "--outer--\n")
NESTED_GOOD = (part("Content-Type: text/plain\n", "Two parts and a message in a message.") +
               part("Content-Type: message/rfc822\n", "Subject: minutes\n\nAll is well.") +
               part("Content-Type: application/pdf; name=\"minutes.pdf\"\n", "%PDF-1.4") + "--outer--\n")
LINE = "The quick brown fox jumps over the lazy dog while the mill wheel turns.\n"

CALM = [
    Message("a clean message", subject("Minutes of Tuesday")),
    Message("REJECT in a header, from an if-group", subject("Win the lottery"), reply="550 5.7.1 unwanted content: lottery"),
    Message("REJECT with a code of its own: the client shall come again", "Subject:\n", reply="451 4.7.1 a mail without"),
    Message("REJECT in the body", subject("look at this"), "Please see http://www.bad-domain.example/login\n",
            reply="550 5.7.1 the link leads to a known trap", shown="http://www.bad-domain.example/login"),
    Message("REJECT three levels down: an .exe in a message in a message", subject("your documents") + MIXED, NESTED_EXE,
            reply="550 5.7.1 attachments of type .exe", shown="multipart/mixed > message/rfc822 > name=\"invoice.pdf.exe\""),
    Message("nested MIME without fault", subject("minutes attached") + MIXED, NESTED_GOOD,
            shown="multipart/mixed > message/rfc822, application/pdf"),
    Message("DUNNO: an earlier rule lets it pass", subject("Re: [ticket #42] the lottery question")),
    Message("HOLD", subject("contract under review"), held=True),
    Message("DISCARD: accepted and thrown away", subject("our newsletter"), arrives_at=()),
    Message("REPLACE in a header", subject("****SPAM**** an innocent message"), has=(r"^Subject: an innocent message$",)),
    Message("PREPEND in a header", subject("confidential figures"), has=(r"^X-Handling: confidential$",)),
    Message("IGNORE: the header goes", "X-Originating-IP: [192.0.2.7]\n" + subject("hello"), lacks=(r"^X-Originating-IP",),
            shown="X-Originating-IP: [192.0.2.7]"),
    Message("STRIP: the header goes, and the log says so", subject("hello") + "X-Mailer: BulkMail 7\n", lacks=(r"^X-Mailer",)),
    Message("WARN: only the log", subject("invoice 4711")),
    Message("INFO: only the log", subject("hello") + "X-Priority: 1\n"),
    Message("REPLACE in the body", subject("hello"), "my password is hunter2 and more\n",
            has=(r"^my password is \[removed\]$",), lacks=(r"hunter2",), shown="my password is hunter2 and more"),
    Message("BCC: one more recipient", subject("for the archive"), arrives_at=("alice", "archive")),
    Message("REDIRECT: another recipient instead", subject("a complaint"), arrives_at=("postmaster",)),
    Message("FILTER: to another transport, here discard:", subject("a fax"), arrives_at=()),
    Message("a message of 30 MB", subject("the whole drawing set"), lambda: LINE * (30 * 1024 * 1024 // len(LINE)),
            shown="Subject: the whole drawing set, 30 MB of text", large=True),
    Message("relay refused", subject("hello"), to="somebody@elsewhere.example@", shown="RCPT TO:<somebody@elsewhere.example>"),
]

# The last one needs a recipient of its own.
CALM[-1].to = "somebody@elsewhere.example"
CALM[-1].reply, CALM[-1].arrives_at = "554 5.7.1", ()

UNDER_STRESS = [
    Message("an emergency rule still rejects", subject("make money fast, still"), reply="550 5.7.1 no get-rich-quick schemes here"),
    Message("a nonessential rule is skipped: what was refused before now passes", subject("Win the lottery again")),
    Message("a legitimate message gets through", subject("Minutes of Wednesday")),
]
