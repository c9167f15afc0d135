"""access(5) beside a private Postfix: every word that a table may answer with, lists of restrictions and tables, restriction
classes, the keys that are asked for, at every command: the replies and the log lines must be equal, as beside_postfix_test
has it. Needs root and Debian's postfix; skipped otherwise. What comes of the messages: tests/collide/access_effects.py."""

import os
import pathlib
import shutil
import tempfile
import unittest

import beside_postfix_test as beside
import private_postfix

PLACE = pathlib.Path(tempfile.mkdtemp(prefix="headgate-access-"))  # the same tables for both, by the same names
HELLO, MAIL = "EHLO c\n", "MAIL FROM:<a@b.example>\n"
ONE = HELLO + MAIL + "RCPT TO:<x@here.example>\n"

# Every word of smtpd.md §4.3, and what is none.
WORDS = ["OK", "ok text", "relay x", "RELAY", "521", "550", "DUNNO", "dunno x", "REJECT", "reject 5.1.1 no way", "Reject  2.7.9  x",
         "REJECT 5.7.1x y", "REJECT 4.7.1 x", "REJECT <x> é", "REJECT foo\\nbar", "reject permit", "DEFER", "defer later", "DEFER 5.7.9 x",
         "DEFER_IF_PERMIT", "Defer_If_Permit 4.1.1 foo", "DEFER_IF_REJECT x", "450 x", "550 5.1.8 x", "499 4.99.999 y", "599 foo",
         "550\t5.7.1\tx", "550 5.7.0   two  blanks", "600 x", "5500 x", "45 x", "12a", "HOLD", "HOLD now", "FILTER", "FILTER a",
         "FILTER a:b", "filter a:b c", "INFO", "INFO t", "WARN", "warn t  u", "BCC", "BCC x", "BCC x@y", "PREPEND", "PREPEND foo",
         "PREPEND X-Foo: bar", "PREPEND X Foo: bar", "REDIRECT", "REDIRECT x", "REDIRECT x@y", "DISCARD", "DISCARD text",
         "reject_unauth_destination, reject", "permit", "permit reject", "defer reject", "warn_if_reject reject", "warn_if_reject",
         "warn_if_reject,defer", "defer_if_permit,defer", "defer_if_permit", "defer_if_reject reject", "permit_mynetworks,reject",
         "permit_auth_destination", "reject_non_fqdn_sender, 550 x", "nonsense foo", "ok, reject", "PASS", "STRIP x", "REPLACE x", "INFO2",
         "DELAY 5", "REJECT:", "a:b", "check_client_access texthash:x", "check_client_access foo", "check_client_access", ",", "strict",
         "Strict", "550 " + "long " * 120, "FILTER a:" + "long " * 60, "{reject}", "reject_unauth_destination,",
         "check_recipient_access", "static:all", "loop", "to_helo"]

# Lists, each a restriction class. MINE is a table with x of every kind, CLASS a table of classes.
LISTS = {
    "strict": "reject",
    "to_helo": "check_helo_access static:{550 5.1.7 h}",
    "bare": "$MINE",
    "bare_after_one": "check_helo_access inline:{z=z}, $MINE",
    "softened": "warn_if_reject $MINE",
    "softened_then_not": "warn_if_reject $MINE $MINE",
    "softened_class": "warn_if_reject strict, permit",
    "softened_twice": "warn_if_reject warn_if_reject reject reject",
    "softened_permit": "warn_if_reject permit_mynetworks reject",
    "softened_within": "warn_if_reject check_client_access static:{reject_unauth_destination,reject}, reject",
    "softened_unknown": "warn_if_reject check_client_access static:foo",
    "within": "check_client_access static:{warn_if_reject reject, reject}",
    "by_client": "check_client_access static:strict",
    "by_sender": "check_sender_access inline:{{b.example = 521x}, {a@ = 550 x}}",
    "by_sender2": "check_sender_access inline:{{a@ = 550 x}}",
    "by_helo": "CHECK_helo_access inline:{{c = DEFER h}}",
    "by_address": "check_client_access inline:{{127.0 = 550 n}}",
    "dunno_ends": "check_client_access inline:{{unknown = DUNNO}, {127 = REJECT}} permit",
    "if_reject": "check_client_access static:{DEFER_IF_REJECT x} reject",
    "if_reject_dsn": "check_client_access static:{DEFER_IF_REJECT 5.6.7} reject",
    "if_reject_softened": "warn_if_reject check_client_access static:{DEFER_IF_REJECT x} reject",
    "if_reject_4xx": "check_client_access static:{DEFER_IF_REJECT x} defer",
    "if_both": "check_client_access static:{DEFER_IF_REJECT x} check_client_access static:{DEFER_IF_PERMIT y} reject",
    "if_permit": "check_client_access static:{DEFER_IF_PERMIT x} check_client_access static:{DEFER_IF_PERMIT y}",
    "if_permit_reject": "check_client_access static:{DEFER_IF_PERMIT x} reject",
    "if_permit_softened": "warn_if_reject check_client_access static:{DEFER_IF_PERMIT x}",
    "reverse_ok": "check_reverse_client_hostname_access static:OK",
    "reverse_permit": "check_reverse_client_hostname_access static:permit",
    "reverse": "check_reverse_client_hostname_access inline:{{unknown = 550 5.1.0 r}}",
    "no_table": "check_recipient_access",
    "no_table2": "check_recipient_access foo",
    "certificate": "check_ccert_access static:REJECT",
    "etrn_at_rcpt": "check_etrn_access static:REJECT",
    "pattern": "check_client_access pcre:{{/^(.*)$$/ 550 $$1 matched}}",
    "network": "check_client_access cidr:{{127.0.0.0/8 550 net}}",
    "empty_value": "check_recipient_access inline:{{here.example=}}",
    "empty_value_helo": "check_helo_access inline:{{c=}}",
    "softened_empty": "warn_if_reject check_helo_access inline:{{c=}}, permit",
    "loop": "check_recipient_access static:loop",
    "ends": "permit, reject",
    "ends2": "reject, permit",
    "ends3": "defer reject",
}
for class_number in range(12):
    for of, key in (("client", "unknown"), ("helo", "c"), ("sender", "a@b.example"), ("recipient", "example"),
                    ("reverse_client_hostname", "unknown")):
        LISTS[f"dsn{class_number}_{of}"] = f"check_{of}_access inline:{{{{{key} = 4{class_number:02} 5.1.{class_number} t}}}}"


def asked(addresses):
    """A transaction for each recipient: what one brings must not show in the next."""
    return "".join(f"MAIL FROM:<a@b.example>\nRCPT TO:<{address}@here.example>\nRSET\n" for address in addresses)


def piece(text):
    return text.replace("\n", "\r\n").encode()


def table(name, entries):
    (PLACE / name).write_text("".join(f"{key}\t{value}\n" for key, value in entries))
    return f"texthash:{PLACE}/{name}"


def dialogues():
    words = table("words", [(f"w{i}@here.example", word) for i, word in enumerate(WORDS)])
    mine = table("mine", [("x@here.example", "REJECT"), ("here.example", "550 5.1.0 mine"), ("c", "552 c"), ("unknown", "553 u")])
    classes = table("classes", [(f"{name}@here.example", name) for name in LISTS])
    keys = table("keys", [("<>", "550 null"), ("mail.b.example", "550 m"), ("b.example", "550 b"), (".c.example", "550 .c"), ("192.0.2", "550 net"),
                          ("u+e@d.example", "550 ue"), ("u@d.example", "550 u"), ("v@", "550 v@"), ("w+x@", "550 w+x@"), ('"q q"@', "550 quoted"),
                          ("r r@d.example", "550 unquoted"), ("x@y", "550 x%y"), ("s@here.example", "550 s"), ("nd@here.example", "550 nd")])
    main = f"myorigin = here.example\nsmtpd_restriction_classes = {', '.join(LISTS)}\n"
    main += "".join(f"{name} = {value.replace('$MINE', mine)}\n" for name, value in LISTS.items())
    senders = ["", "u@b.example", "U+E@D.example", "u+f@d.example", "v+z@q.example", "w+x@q.example", '"q q"@z.example', '"r r"@d.example',
               "x%y@here.example", "s", "nd", "k@x.c.example", "k@c.example", "b.example!z", "k@[192.0.2.1]", "k@b.example."]
    said = {
        "words": ({"smtpd_recipient_restrictions": "check_recipient_access " + words},
                  [piece(HELLO), piece(asked(f"w{i}" for i in range(len(WORDS)))), piece("QUIT\n")]),
        "classes": ({"smtpd_recipient_restrictions": "check_recipient_access " + classes},
                    [piece(HELLO), piece(asked(LISTS)), piece("QUIT\n")]),
        "senders": ({"smtpd_sender_restrictions": keys, "recipient_delimiter": "+"},
                    [piece(HELLO), piece("".join(f"MAIL FROM:<{s}>\nRCPT TO:<x@here.example>\nRSET\n" for s in senders) + "QUIT\n")]),
        "senders without parents": ({"smtpd_sender_restrictions": keys, "parent_domain_matches_subdomains": ""},
                                    [piece(HELLO), piece("".join(f"MAIL FROM:<{s}>\nRCPT TO:<x@here.example>\nRSET\n" for s in senders) + "QUIT\n")]),
        "null key": ({"smtpd_sender_restrictions": keys, "smtpd_null_access_lookup_key": "b.example"},
                     beside.lines(HELLO + "MAIL FROM:<>\nRCPT TO:<x@here.example>\nQUIT")),
        "discard": ({"smtpd_recipient_restrictions": "check_client_access static:DISCARD, reject"},
                    beside.lines(ONE + "RCPT TO:<z@elsewhere.example>\nDATA\n.\n" + MAIL + "RCPT TO:<x@here.example>\nQUIT")),
        "421": ({"smtpd_recipient_restrictions": "check_recipient_access static:{421 4.3.2 x}"}, beside.lines(ONE + "NOOP")),
        "521": ({"smtpd_helo_restrictions": "check_helo_access static:{521 5.3.2 x}"}, beside.lines(ONE + "NOOP")),
        "soft": ({"soft_bounce": "yes", "smtpd_recipient_restrictions": "check_recipient_access static:{550 5.3.2 x}"}, beside.lines(ONE + "QUIT")),
        "codes": ({"access_map_reject_code": "571", "access_map_defer_code": "471",
                   "smtpd_recipient_restrictions": "warn_if_reject check_sender_access static:REJECT check_sender_access static:DEFER"},
                  beside.lines(ONE + "QUIT")),
        "bad code": ({"access_map_reject_code": "250", "smtpd_recipient_restrictions": "check_sender_access static:{REJECT 5.6.7 x}"},
                     beside.lines(ONE + "QUIT")),
        "verify": ({"smtpd_recipient_restrictions": "check_recipient_access " + words},
                   [piece(HELLO), piece("".join(f"VRFY w{i}@here.example\n" for i in range(len(WORDS)))), piece("QUIT\n")]),
        "etrn": ({"smtpd_etrn_restrictions": "check_etrn_access inline:{{a = HOLD}, {b = PREPEND X: y}, {c = 550 c}, {d.e = DISCARD}}, x.f inline:{{f=REJECT}}"},
                 beside.lines(HELLO + "ETRN x.c\nETRN x.f\nQUIT")),
        "etrn, not delayed": ({"smtpd_delay_reject": "no", "smtpd_client_restrictions": "check_client_access static:{DEFER_IF_PERMIT x}"},
                              beside.lines(HELLO + "ETRN a.b\nQUIT")),
        "data": ({"smtpd_data_restrictions": "$keys"}, beside.lines(ONE + "DATA\nQUIT")),
        "data of one": ({"smtpd_data_restrictions": "check_recipient_access inline:{{x@ = 550 one}}"},
                        beside.lines(ONE + "DATA\nRCPT TO:<y@here.example>\nDATA\n.\nQUIT")),
        "end of data": ({"smtpd_end_of_data_restrictions": "check_sender_access inline:{{a@ = PREPEND X: y}}, check_sender_access inline:{{a@ = 550 end}}"},
                        beside.lines(ONE + "DATA\n.\nQUIT")),
        "defer_if_permit of another": ({"smtpd_recipient_restrictions": "check_recipient_access inline:{{y@ = DEFER_IF_PERMIT}}"},
                                       beside.lines(ONE + "RCPT TO:<y@here.example>\nDATA\n.\nQUIT")),
        "lists": ({"smtpd_client_restrictions": "inline:{{unknown = DEFER_IF_REJECT client}}", "smtpd_helo_restrictions": "inline:{{c = OK}}",
                   "smtpd_sender_restrictions": "inline:{{b.example = INFO seen}}", "smtpd_recipient_restrictions": "inline:{{here.example = REJECT}}"},
                  beside.lines(ONE + "QUIT")),
        "relay, then recipient": ({"smtpd_relay_restrictions": "check_client_access static:{DEFER_IF_REJECT x}, reject_unauth_destination",
                                   "smtpd_recipient_restrictions": "reject"}, beside.lines(ONE + "QUIT")),
        "recipient, then relay": ({"smtpd_recipient_restrictions": "check_client_access static:{DEFER_IF_REJECT x}",
                                   "smtpd_relay_restrictions": "reject_unauth_destination", "smtpd_relay_before_recipient_restrictions": "no"},
                                  beside.lines(ONE + "RCPT TO:<x@elsewhere.example>\nQUIT")),
        "unlisted": ({"local_recipient_maps": "inline:{a=b}", "smtpd_recipient_restrictions": "check_client_access static:{DEFER_IF_REJECT x}"},
                     beside.lines(ONE + "QUIT")),
        "unlisted and deferred": ({"local_recipient_maps": "inline:{a=b}",
                                   "smtpd_recipient_restrictions": "check_client_access static:{DEFER_IF_PERMIT x}"}, beside.lines(ONE + "QUIT")),
        "routes": ({"smtpd_recipient_restrictions": "check_recipient_access static:OK, reject"},
                   beside.lines(ONE + "RCPT TO:<a%b@elsewhere.example>\nRCPT TO:<a!b@elsewhere.example>\nRCPT TO:<a@elsewhere.example>\n"
                                "RCPT TO:<a%elsewhere.example@here.example>\nQUIT")),
        "held once": ({"smtpd_recipient_restrictions": "check_recipient_access static:HOLD check_client_access static:HOLD"},
                      beside.lines(ONE + "RSET\n" + MAIL + "RCPT TO:<x@here.example>\nQUIT")),
        "connect": ({"smtpd_delay_reject": "no", "smtpd_client_restrictions": "inline:{{unknown = 550 5.1.0 x}}"}, beside.lines(HELLO + MAIL + "QUIT")),
        "xclient": ({**beside.FRONT, "smtpd_client_restrictions": "check_client_access " + keys, "smtpd_relay_restrictions": "reject_unauth_destination"},
                    beside.lines("EHLO p\nXCLIENT ADDR=198.51.100.9 NAME=x.Mail.b.example\n" + ONE + "QUIT")),
        "xclient by address": ({**beside.FRONT, "smtpd_client_restrictions": "check_client_access " + keys,
                                "smtpd_relay_restrictions": "reject_unauth_destination"},
                               beside.lines("EHLO p\nXCLIENT ADDR=192.0.2.9 NAME=[UNAVAILABLE]\n" + ONE + "QUIT")),
        "reverse name": ({**beside.FRONT, "smtpd_client_restrictions": "check_reverse_client_hostname_access " + keys,
                          "smtpd_relay_restrictions": "reject_unauth_destination"},
                         beside.lines("EHLO p\nXCLIENT ADDR=198.51.100.9 NAME=[UNAVAILABLE] REVERSE_NAME=rev.b.example\n" + ONE + "QUIT")),
        "permits": ({"smtpd_log_access_permit_actions": "static:all", "smtpd_client_restrictions": "permit_mynetworks",
                     "smtpd_helo_restrictions": "check_helo_access static:OK", "smtpd_sender_restrictions": "check_sender_access static:permit",
                     "smtpd_relay_restrictions": "permit_auth_destination, reject",
                     "smtpd_recipient_restrictions": "check_recipient_access inline:{{x@ = relay some text}}",
                     "smtpd_data_restrictions": "check_client_access static:12"}, beside.lines(ONE + "DATA\nMessage-ID: <1@b>\n.\nQUIT")),
        "some permits": ({"smtpd_log_access_permit_actions": "!relay permit_mynetworks OK RELAY", "smtpd_client_restrictions": "permit_mynetworks",
                          "smtpd_helo_restrictions": "check_helo_access static:ok", "smtpd_sender_restrictions": "check_sender_access static:permit",
                          "smtpd_recipient_restrictions": "check_recipient_access static:relay"}, beside.lines(ONE + "QUIT")),
        "no permit when deferred": ({"smtpd_log_access_permit_actions": "static:all", "smtpd_client_restrictions": "defer_if_permit permit_mynetworks"},
                                    beside.lines(ONE + "QUIT")),
    }
    said["data"][0]["smtpd_data_restrictions"] = keys
    said.update(who_is_not_judged())
    for name in ("client", "helo", "sender"):
        deferred = {"smtpd_delay_reject": "no", f"smtpd_{name}_restrictions": "check_client_access static:{DEFER_IF_PERMIT x}"}
        said["not delayed, deferred by " + name] = (deferred, beside.lines(
            ONE + "RSET\n" + MAIL + "VRFY <x@here.example>\nHELO d\n" + MAIL + "RCPT TO:<x@here.example>\nQUIT"))
        for word in ("HOLD", "DISCARD x", "FILTER a:b", "REDIRECT a@b", "BCC a@b", "PREPEND X: y", "INFO x"):
            acting = {"smtpd_delay_reject": "no", f"smtpd_{name}_restrictions": f"check_client_access static:{{{word}}}"}
            if name == "client" or word == "HOLD":
                said[f"not delayed, {word} by {name}"] = (acting, beside.lines(ONE + "QUIT"))
    return said, main


def who_is_not_judged():
    """Without HELO or MAIL; at VRFY; in a transaction; the sender of probes; addresses in several spellings."""
    by_address = "check_client_access inline:{{2001:db8::9=450 v6},{1.2.3.4=450 v4},{::5=450 five}}"
    addresses = ["IPV6:2001:DB8:0:0:0:0:0:9", "IPV6:::ffff:1.2.3.4", "1.2.3.04", "IPV6:0:0::5", "1.2.3.09"]
    one, verify = MAIL + "RCPT TO:<x@here.example>\n", "VRFY x@here.example\n"
    deferred = "check_client_access static:{DEFER_IF_PERMIT x}"
    said = {
        "no HELO": ({"smtpd_helo_restrictions": "reject"}, beside.lines(one + "RSET\nETRN a.b\nQUIT")),
        "no MAIL": ({"smtpd_sender_restrictions": "reject"}, beside.lines(HELLO + verify + "QUIT")),
        "HELO in a transaction": ({"smtpd_delay_reject": "no", "smtpd_helo_restrictions": "check_sender_access static:REJECT"},
                                  beside.lines(HELLO + MAIL + "HELO d\nRSET\nHELO d\nQUIT")),
        "warned of, soft": ({"soft_bounce": "yes", "smtpd_recipient_restrictions": "warn_if_reject reject"}, beside.lines(ONE + "QUIT")),
        "relay control in a class": ({"smtpd_relay_restrictions": "to_helo, strict", "smtpd_recipient_restrictions": ""},
                                     beside.lines(ONE + "QUIT")),
        "probes": ({"smtpd_recipient_restrictions": "reject"},
                   beside.lines(HELLO + MAIL + "RCPT TO:<Double-bounce@here.example>\nRCPT TO:<double-bounce@mx.here.example>\n"
                                "RCPT TO:<double-bounce>\nVRFY double-bounce@here.example\nQUIT")),
        "unlisted, unchecked": ({"local_recipient_maps": "inline:{a=b}", "receive_override_options": "no_unknown_recipient_checks",
                                 "smtpd_recipient_restrictions": "reject_unlisted_recipient"}, beside.lines(ONE + "QUIT")),
        "reverse name, discard": ({"smtpd_client_restrictions": "check_reverse_client_hostname_access static:DISCARD"}, beside.lines(ONE + "QUIT")),
        "no null key": ({"smtpd_sender_restrictions": "check_sender_access static:REJECT", "smtpd_null_access_lookup_key": ""},
                        beside.lines(HELLO + "MAIL FROM:<>\nRCPT TO:<x@here.example>\nQUIT")),
        "owner-": ({"recipient_delimiter": "-", "smtpd_recipient_restrictions": "check_recipient_access inline:{{owner@=550 o}}"},
                   beside.lines(HELLO + MAIL + "RCPT TO:<owner-@here.example>\nQUIT")),
        "folded": ({"smtpd_sender_restrictions": "check_sender_access pcre:{{/^(.*)$$/ 450 k=$$1}}", "relay_domains": "bücher.example"},
                   [*beside.lines(HELLO), piece("MAIL FROM:<Ü@BÜ.example> SMTPUTF8\n"), piece("RCPT TO:<x@here.example>\nRCPT TO:<x@BÜCHER.example>\n"),
                    *beside.lines("QUIT")]),
        "long log lines": ({"smtpd_recipient_restrictions": "reject"},
                           beside.lines("EHLO " + "h" * 300 + ".example\nMAIL FROM:<" + "l" * 240 + "@b.example>\nRCPT TO:<x@here.example>\nQUIT")),
        "spellings of addresses": ({**beside.FRONT, "smtpd_authorized_xclient_hosts": "static:all", "smtpd_client_restrictions": by_address, "inet_protocols": "all",
                                    "smtpd_relay_restrictions": "reject_unauth_destination"},
                                   beside.lines("EHLO p\n" + "".join(f"XCLIENT ADDR={a} NAME=[UNAVAILABLE]\n{ONE}RSET\n" for a in addresses) + "QUIT")),
    }
    for kind in ("client", "helo", "sender"):
        for delay in ("yes", "no"):
            said[f"VRFY, deferred by {kind}, delayed {delay}"] = (
                {"smtpd_delay_reject": delay, f"smtpd_{kind}_restrictions": deferred},
                beside.lines(verify + HELLO + verify + "ETRN a.b\n" + MAIL + "RSET\n" + verify + one + "RSET\n" + verify + "HELO d\n" + verify + "QUIT"))
    return said


class AccessTest(unittest.TestCase):
    def test_beside_postfix(self):
        if private_postfix.why_not():
            self.skipTest(private_postfix.why_not())
        os.chmod(PLACE, 0o755)
        said, main = dialogues()
        common = {**beside.COMMON, "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination"}
        beside.compare(self, said, common, main)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(PLACE, ignore_errors=True)


if __name__ == "__main__":
    unittest.main()
