"""The same dialogues with headgate and with a private Postfix: the replies and the log lines must be equal, but for queue ids,
process numbers and what docs/compat.md lists. Needs root and Debian's postfix; skipped otherwise.

A dialogue is a list of what the client sends. Postfix hears the next piece when it has said nothing for QUIET seconds;
headgate hears it when it has said as many replies. So nothing but the number of TCP segments depends on the clock."""

import re
import socket
import unittest

import private_postfix
from headgate_server import PATIENCE, until, with_several

QUIET = 0.3
ENVELOPE = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<x@here.example>\r\n"
COMMON = {"smtpd_authorized_xclient_hosts": "127.0.0.0/8", "smtpd_authorized_xforward_hosts": "127.0.0.0/8", "message_size_limit": "10000",
          "smtpd_error_sleep_time": "0", "smtpd_hard_error_limit": "1000", "smtpd_relay_restrictions": "reject_unauth_destination",
          "smtpd_forbid_bare_newline_exclusions": "", "disable_vrfy_command": "no", "always_add_missing_headers": "no",
          "local_header_rewrite_clients": ""}


def lines(text):
    """Each line a piece of its own."""
    return [line.encode() + b"\r\n" for line in text.strip("\n").split("\n")]


# What a client may do hangs on its address; nobody may XFORWARD (docs/compat.md 33).
FRONT = {"smtpd_authorized_xclient_hosts": "127.0.0.1", "smtpd_authorized_xforward_hosts": "", "mynetworks": "192.0.2.0/24 [2001:db8::]/32",
         "smtpd_relay_restrictions": "permit_mynetworks, reject"}

# name: (main.cf of the service, pieces). docs: smtpd.md §3.2 to §3.5, §3.9, §13.6.
DIALOGUES = {
    "hello": ({}, lines("HELO\nEHLO\nHELO a b\nEHLO c<d>\nHELP me\nNOOP x\nQUIT now") [:4] + lines("NOOP x\nQUIT now")),
    "mail syntax": ({}, lines("""EHLO c
MAIL
MAIL FROM
MAIL FROM:
MAIL FROM:<a@b
MAIL FROM: <a@b.example>
MAIL FROM:<a@b.example>
RSET now
RSET
MAIL FROM:<>
RSET
MAIL TO:<a@b.example>
MAIL FROM:<a@b.example> SIZE=
MAIL FROM:<a@b.example> SIZE=x
MAIL FROM:<a@b.example> SIZE=10001
MAIL FROM:<a@b.example> SIZE=99999999999999999999
RSET
MAIL FROM:<a@b.example> BODY=9BIT
MAIL FROM:<a@b.example> BODY=8bitmime FOO
MAIL FROM:<a@b.example> RET=FULL RET=HDRS
MAIL FROM:<a@b.example> RET=x
MAIL FROM:<a@b.example> ENVID=
MAIL FROM:<a@b.example> ENVID=a+zz
MAIL FROM:<a@b.example> AUTH=<> AUTH=<>
MAIL FROM:<a@b.example> SMTPUTF8 size=100 ret=hdrs envid=a+2Bb
QUIT""")),
    "rcpt syntax": ({}, lines("""EHLO c
RCPT TO:<x@here.example>
MAIL FROM:<a@b.example>
RCPT
RCPT TO
RCPT TO:<>
RCPT TO:<x@here.example> NOTIFY=
RCPT TO:<x@here.example> NOTIFY=NEVER,SUCCESS
RCPT TO:<x@here.example> NOTIFY=NEVER NOTIFY=NEVER
RCPT TO:<x@here.example> ORCPT=rfc822
RCPT TO:<x@here.example> ORCPT=rfc822;a+zz
RCPT TO:<x@here.example> NOTIFY=success,delay ORCPT=rfc822;a+2Bb@c
RCPT TO:<x@here.example> FOO
RCPT TO: <y@here.example>
RCPT TO:<z@elsewhere.example>
RCPT TO:postmaster
VRFY
VRFY x@here.example
VRFY z@elsewhere.example
QUIT""")),
    "order": ({}, lines("""DATA
RCPT TO:<x@here.example>
EHLO c
DATA
MAIL FROM:<a@b.example>
MAIL FROM:<a@b.example>
DATA
DATA x
ETRN here.example
FOO

QUIT""")),
    "helo required": ({"smtpd_helo_required": "yes"}, lines("MAIL FROM:<a@b.example>\nETRN x.example\nNOOP\nHELO c\nMAIL FROM:<a@b.example>\nQUIT")),
    "etrn": ({}, lines("EHLO c\nETRN\nETRN a b\nETRN a..b\nQUIT")),
    "off": ({"disable_vrfy_command": "yes", "smtpd_discard_ehlo_keywords": "dsn, chunking, silent-discard"},
            lines("EHLO c\nVRFY x\nMAIL FROM:<a@b.example> RET=FULL\nSTARTTLS\nSTARTTLS x\nAUTH PLAIN x\nAUTH\nBDAT 3")),
    "not smtp": ({}, lines("GET / HTTP/1.1")),
    "header": ({}, lines("Subject: x")),
    "noop commands": ({"smtpd_noop_commands": "XNOP, foo"}, lines("XNOP\nFOO bar\nNOOP\nQUIT")),
    "hard errors": ({"smtpd_hard_error_limit": "3"}, lines("FOO\nBAR\nBAZ")),
    "hard errors at once": ({"smtpd_hard_error_limit": "2"}, [b"EHLO c\r\n", b"MAIL FROM:<a@b.example>\r\nRCPT TO:<z@elsewhere.example>\r\nRCPT TO:<y@elsewhere.example>\r\nDATA\r\n"]),
    "junk": ({"smtpd_junk_command_limit": "1", "smtpd_hard_error_limit": "1"}, lines("EHLO c\nNOOP\nRSET")),
    "recipients": ({"smtpd_recipient_limit": "2", "smtpd_recipient_overshoot_limit": "1", "smtpd_hard_error_limit": "2"},
                   lines("EHLO c\nMAIL FROM:<a@b.example>\n" + "RCPT TO:<x@here.example>\n" * 5)),
    "a message": ({}, [b"EHLO c\r\n", ENVELOPE + b"DATA\r\n", b"Message-ID: <1@b>\r\n\r\n..a\r\n.\r\n", b"RSET\r\n", b"QUIT\r\n"]),
    "lost in data": ({}, [b"EHLO c\r\n", ENVELOPE + b"DATA\r\n", b"Message-ID: <1@b>\r\n\r\nabc\r\n"]),
    "too big": ({}, [b"EHLO c\r\n", ENVELOPE + b"DATA\r\n", b"x" * 900 + b"\r\n" + b"\r\n".join([b"y" * 998] * 10) + b"\r\n.\r\n", b"QUIT\r\n"]),
    "pipelining": ({"smtpd_forbid_unauth_pipelining": "yes"}, [b"EHLO c\r\nNOOP\r\n"]),
    "pipelining with HELO": ({"smtpd_forbid_unauth_pipelining": "no"}, [b"HELO c\r\n", ENVELOPE + b"NOOP\r\n", b"QUIT\r\n"]),
    "bare newline": ({"smtpd_forbid_bare_newline": "reject", "smtpd_forbid_bare_newline_reject_code": "551"}, [b"EHLO c\r\n", b"NOOP\n"]),
    "bare newline in data": ({"smtpd_forbid_bare_newline": "reject"},
                             [b"EHLO c\r\n", ENVELOPE + b"DATA\r\n", b"Subject: x\r\n\r\na\nb\r\n.\r\n", b"QUIT\r\n"]),
    "soft bounce": ({"soft_bounce": "yes"}, lines("EHLO c\nMAIL FROM:<a@b.example>\nRCPT TO:<z@elsewhere.example>\nFOO\nQUIT")),
    "bdat": ({}, [b"EHLO c\r\n", ENVELOPE + b"BDAT 12\r\nSubject: in BDAT 19\r\n chunks\r\n\r\n.\r\n..d\r\n", b"NOOP\r\n", b"RCPT TO:<y@here.example>\r\n",
                  b"MAIL FROM:<y@here.example>\r\n", b"DATA\r\n", b"BDAT 4 last\r\nabc\r", ENVELOPE + b"BDAT 0 LAST\r\n", b"QUIT\r\n"]),
    "bdat failed": ({}, [b"EHLO c\r\n", b"BDAT 5\r\nQUIT\n", b"RCPT TO:<x@here.example>\r\n", b"DATA\r\n", b"MAIL FROM:<a@b.example>\r\n",
                         b"BDAT 3 LAST\r\nabc", b"MAIL FROM:<a@b.example>\r\n", b"BDAT 3\r\nabc", b"RCPT TO:<x@here.example>\r\n", b"RSET\r\n",
                         ENVELOPE + b"BDAT 0\r\n", b"BDAT 3\r\nabc", b"HELO d\r\n", b"BDAT 0 LAST\r\n", b"QUIT\r\n"]),
    "bdat too big": ({}, [b"EHLO c\r\n", ENVELOPE + b"BDAT 10001\r\n" + b"x" * 10001, b"BDAT 0 LAST\r\n",
                          ENVELOPE + b"BDAT 9000\r\n" + b"\n" * 9000, b"BDAT 1\r\nx", b"RSET\r\n", b"QUIT\r\n"]),
    "bdat lost": ({}, [b"EHLO c\r\n", ENVELOPE + b"BDAT 100\r\nMessage-ID: <1@b>\r\nabc"]),
    "bdat malformed": ({}, [b"EHLO c\r\n", ENVELOPE, b"BDAT 5 FOO\r\nQUIT\r\n"]),
    "bdat bare newline": ({"smtpd_forbid_bare_newline": "reject"}, [b"EHLO c\r\n", ENVELOPE + b"BDAT 3\r\na\nb", b"BDAT 0 LAST\r\n", b"QUIT\r\n"]),
    "xclient syntax": ({}, lines("XCLIENT\nXCLIENT NAME\nXCLIENT FOO=bar\nXCLIENT NAME=a_b!\nXCLIENT PROTO=x\nXCLIENT ADDR=x\nXCLIENT HELO=" + "b" * 256 + "\nQUIT")),
    "xforward syntax": ({}, lines("EHLO c\nXFORWARD\nXFORWARD NAME\nXFORWARD FOO=bar\nXFORWARD NAME=a_b!\nXFORWARD SOURCE=x\nXFORWARD PORT=x\nXFORWARD IDENT=x\nQUIT")),
    "xclient": ({"smtpd_authorized_xclient_hosts": "127.0.0.1", "smtpd_authorized_xforward_hosts": ""}, lines("""EHLO c
XCLIENT NAME=mail.b.example ADDR=192.0.2.9 LOGIN=joe
EHLO d
XCLIENT NAME=again
MAIL FROM:<a@b.example>
XCLIENT NAME=again
RCPT TO:<z@elsewhere.example>
QUIT""")),
    "xclient before hello": (FRONT, lines("""XCLIENT ADDR=192.0.2.9 NAME=mail.b.example PROTO=ESMTP HELO=outer.example
MAIL FROM:<a@b.example>
RCPT TO:<z@elsewhere.example>
RSET
EHLO c
MAIL FROM:<a@b.example>
RCPT TO:<z@elsewhere.example>
QUIT""")),
    "xclient after hello": (FRONT, lines("""EHLO proxy
MAIL FROM:<a@b.example>
RCPT TO:<z@elsewhere.example>
RSET
XCLIENT ADDR=192.0.2.9 NAME=mail.b.example REVERSE_NAME=rev.b.example PORT=4711 DESTADDR=127.0.0.1 DESTPORT=25
MAIL FROM:<a@b.example>
RCPT TO:<z@elsewhere.example>
RSET
EHLO c
MAIL FROM:<a@b.example>
RCPT TO:<z@elsewhere.example>
QUIT""")),
    "xclient as nginx": (FRONT, lines("""EHLO proxy
XCLIENT ADDR=198.51.100.7 LOGIN=joe NAME=[UNAVAILABLE]
EHLO c
MAIL FROM:<a@b.example>
RCPT TO:<z@elsewhere.example>
QUIT""")),
    "xclient as nginx, PROTO and HELO": (FRONT, lines("""HELO proxy
XCLIENT PROTO=SMTP HELO=outer.example ADDR=192.0.2.9 NAME=[TEMPUNAVAIL]
HELO outer.example
MAIL FROM:<a@b.example>
RCPT TO:<z@elsewhere.example>
QUIT""")),
    "xclient of IPv6": ({**FRONT, "inet_protocols": "all"}, lines("""EHLO proxy
XCLIENT ADDR=IPV6:2001:db8::9 NAME=six.b.example
EHLO c
MAIL FROM:<a@b.example>
RCPT TO:<z@elsewhere.example>
RSET
XCLIENT ADDR=IPV6:2001:db9::9
QUIT""")),
    "xclient step by step": ({**FRONT, "smtpd_authorized_xclient_hosts": "127.0.0.1 192.0.2.0/24"}, lines("""XCLIENT ADDR=192.0.2.9
XCLIENT NAME=mail.b.example HELO=outer.example
XCLIENT ADDR=198.51.100.7
XCLIENT ADDR=192.0.2.10
MAIL FROM:<a@b.example>
RCPT TO:<z@elsewhere.example>
QUIT""")),
    "xclient refused at once": ({**FRONT, "smtpd_client_restrictions": "permit_mynetworks, reject", "smtpd_delay_reject": "no",
                                 "mynetworks": "127.0.0.0/8"}, lines("""EHLO proxy
XCLIENT ADDR=198.51.100.7 NAME=bad.example
EHLO c
MAIL FROM:<a@b.example>
QUIT""")),
    "xclient behind its group": (FRONT, [b"EHLO proxy\r\n", b"XCLIENT ADDR=192.0.2.9\r\nEHLO c\r\n", b"QUIT\r\n"]),
    "xforward for nothing": ({**FRONT, "smtpd_authorized_xforward_hosts": "127.0.0.1"}, lines("""EHLO proxy
XFORWARD ADDR=192.0.2.9 NAME=mail.b.example
MAIL FROM:<a@b.example>
RCPT TO:<z@elsewhere.example>
QUIT""")),
    "xforward": ({}, lines("""EHLO c
XFORWARD NAME=a.example ADDR=192.0.2.1 PROTO=SMTP HELO=f+20o IDENT=Q1
MAIL FROM:<a@b.example>
RCPT TO:<z@elsewhere.example>
RCPT TO:<x@here.example>
XFORWARD NAME=b.example
DATA
.
QUIT""")),
    "smtputf8": ({}, lines("""EHLO ü.example
MAIL FROM:<ü@bücher.example>
MAIL FROM:<ü@b.example> SMTPUTF8
RCPT TO:<z@bücher.example>
VRFY ü@here.example SMTPUTF8
RSET
MAIL FROM:<ü@b.example>
QUIT""") + [b"NOOP \xff\r\n"]),
    "smtputf8 strict": ({"strict_smtputf8": "yes"}, lines("EHLO c\nMAIL FROM:<ü@b.example>\nMAIL FROM:<a@b.example>\nRCPT TO:<ü@here.example>\nVRFY ü@here.example\nQUIT")),
    "smtputf8 off": ({"smtputf8_enable": "no"}, lines("EHLO ü\nMAIL FROM:<a@b.example> SMTPUTF8\nVRFY\nQUIT")),
    "footer": ({"smtpd_reject_footer": r"\c; $client $client_name $helo_name ${sender?{s}:{n}} $sender_name@$sender_domain $$x $nobody $recipient\nsecond $server_name"},
               lines('FOO\nEHLO c\nHELO\nMAIL FROM:<"a b"@b.example>\nRCPT TO:<z@elsewhere.example>\nRSET\nMAIL FROM:<>\nRCPT TO:<z@elsewhere.example>\nQUIT')),
    "footer of null": ({"smtpd_reject_footer": r"a $sender|$sender_name|$sender_domain\n"}, lines("MAIL FROM:<>\nRCPT TO:<z@elsewhere.example>\nNOOP\nQUIT")),
    "command filter": ({"smtpd_command_filter": "regexp:{{/^HELLO (.*)/ EHLO $1} {/^BAD/ FOO bar}}"}, lines("HELLO c\nBAD\n  BAD\nNOOP\nQUIT")),
    "etrn restrictions": ({"smtpd_etrn_restrictions": "reject"}, lines("EHLO c\nETRN here.example\nQUIT")),
    "keywords by address": ({"smtpd_discard_ehlo_keyword_address_maps": "inline:{ {127.0.0.1 = dsn, vrfy} }"}, lines("EHLO c\nQUIT")),
    "delay_reject off": ({"smtpd_delay_reject": "no", "smtpd_client_restrictions": "reject"}, lines("EHLO c\nFOO\nQUIT")),
    "data restrictions": ({"smtpd_data_restrictions": "reject"}, [b"EHLO c\r\n", ENVELOPE + b"DATA\r\n", b"BDAT 3\r\nabc", b"QUIT\r\n"]),
}

# docs/compat.md: (dialogue or None for all, pattern, replacement) on both sides.
MASKS = [
    (None, r"queued as \w+", "queued as ID"),
    (None, r"\b[0-9A-F]{9,}\b(?=: )", "ID"),  # queue ids
    (None, r"^(warning: )?(NOQUEUE|ID): (reject|warning|BDAT|null|malformed|reject_warning|hold|discard|filter|redirect|bcc|info|warn|permit)\b", r"\1Q: \3"),  # 17: ids begin after DATA
    (None, r"(orig_queue_id=)\w+", r"\1ID"),
    (None, r"<\d{14}\.\w+@", "<ID@"),
    (None, r" xclient=\d+(/\d+)?", ""),  # successful ones count as such: verb_xclient.cc
    (None, r" commands=\S+", ""),
]
# The client= line comes at DATA and not at RCPT (17); these have nothing to do with the dialogue.
LEFT_OUT = re.compile(r"table .*(built|building|matched)|Illegal address syntax|statistics: |: client=|message-id=|"
                      r"mail_stream_cleanup|warning: (dict_|unix_trig)|^\w+: (from|to|removed)|^ID: (from=|to=|removed)")


def masked(text):
    for _, pattern, replacement in MASKS:
        text = re.sub(pattern, replacement, text, flags=re.M)
    return text


def replies_in(text):
    return len(re.findall(rb"^\d{3} .*\r\n|^closed", text, re.M))


def talk(port, pieces, like=None):
    """What the server said up to each piece. `like`: what Postfix said, which tells how many replies are due."""
    said = b""
    after = []
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        for number, piece in enumerate([b"", *pieces]):
            try:
                connection.sendall(piece)
            except OSError:
                pass  # the end shows when we read
            due = replies_in(like[number]) if like and number < len(like) else None
            said = listen(connection, said, due)
            after.append(said)
            if said.endswith(b"closed"):
                break
    return after


def listen(connection, said, due):
    """Until `due` replies have come; without a number until there is silence. Content gets no reply: a longer silence."""
    began = len(said)
    while due is None or replies_in(said) < due:
        connection.settimeout(PATIENCE if due is not None else QUIET if len(said) > began else 5 * QUIET)
        try:
            more = connection.recv(65536)
        except TimeoutError:
            break
        except ConnectionError:
            more = b""
        said += more or b"closed"
        if not more:
            break
    return said


def of_log(text):
    """The lines about the dialogue, without time stamp, program and number."""
    found = []
    for line in text.splitlines():
        said = re.sub(r"^.*?postfix/(smtpd|cleanup)\[\d+\]: ", "", line)
        if said == line:
            continue
        said = masked(said.replace("localhost[", "unknown["))
        if not LEFT_OUT.search(said) and not said.startswith("connect from"):
            found.append(said)
    return found


def compare(test, dialogues, common, main=""):
    """Both servers hear each dialogue, with the settings `common` and its own, and `main` (lines of main.cf)."""
    settings = [{**common, **own} for own, _ in dialogues.values()]
    of_main = dict(line.split(" = ", 1) for line in main.splitlines())
    server, ports = with_several(settings, main)
    with server as headgate, private_postfix.PrivatePostfix(of_main, settings) as postfix:
        for place, (name, (_, pieces)) in enumerate(dialogues.items()):
            said, logs = [None], []
            for server, port in ((postfix, postfix.ports[place]), (headgate, ports[place])):
                before = len(server.log())
                said.append(talk(port, pieces, said[-1]))
                until(lambda: "disconnect from" in server.log()[before:], "the end of " + name)
                logs.append(of_log(server.log()[before:]))
            theirs, ours = (masked(one[-1].decode(errors="replace")) for one in said[1:])
            with test.subTest(dialogue=name, what="replies"):
                test.assertEqual(ours.split("\r\n"), theirs.split("\r\n"))
            with test.subTest(dialogue=name, what="log"):
                test.assertEqual(logs[1], logs[0])


class BesidePostfixTest(unittest.TestCase):
    def test_every_dialogue(self):
        if private_postfix.why_not():
            self.skipTest(private_postfix.why_not())
        compare(self, DIALOGUES, COMMON)


if __name__ == "__main__":
    unittest.main()
