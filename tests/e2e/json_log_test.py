"""The JSON log: each line of the mail log is there, an object of its own, with the facts of named events; SIGUSR1 opens it again."""

import json
import os
import signal
import smtplib

from headgate_server import Server, until


def lines(path):
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def named(path, event):
    return [line for line in lines(path) if line.get("event") == event]


def test_fields_of_a_message_and_a_refusal():
    with Server(main="maillog_json_file = $maillog_file.json\n") as server:
        path = server.directory / "log.json"
        with server.client() as smtp:
            smtp.sendmail("a+b@client.example", ["me@here.example"], "Subject: x\n\ntext\n")
            try:
                smtp.sendmail("a@client.example", ["you@elsewhere.invalid@"], "x")
            except smtplib.SMTPException:
                pass
        server.wait_for_mail(1)
        until(lambda: named(path, "removed") and named(path, "disconnect"), "the last events")
        (message,), (active,) = named(path, "message"), named(path, "active")
        assert message["queue_id"] == active["queue_id"] and message["client_address"] == "127.0.0.1", message
        assert message["sender"] == active["sender"] == "a+b@client.example", (message, active)
        assert active["recipients"] == 1 and active["size_bytes"] > 10, active
        (delivery,) = named(path, "delivery")
        assert delivery["status"] == "sent" and delivery["recipient"] == "me@here.example", delivery
        assert isinstance(delivery["delay_seconds"], float), delivery
        texts = [line["text"] for line in lines(path)]
        for line in (server.directory / "log").read_text().splitlines():
            text = line.split("]: ", 1)[1]
            for level in ("warning: ", "error: "):
                text = text.removeprefix(level)
            assert text in texts, text


def test_a_refusal_has_its_code():
    main = "maillog_json_file = $maillog_file.json\nmynetworks = 192.0.2.1\n"
    with Server(main=main) as server:
        path = server.directory / "log.json"
        with server.client() as smtp:
            smtp.ehlo("client.example")
            smtp.mail("a@client.example")
            code, _ = smtp.rcpt("x@elsewhere.example")
            assert code == 454, code
        (reject,) = until(lambda: named(path, "reject"), "the refusal")
        assert reject["code"] == 454 and reject["queue_id"] == "NOQUEUE" and reject["helo"] == "client.example", reject


def test_reopen():
    with Server(main="maillog_json_file = $maillog_file.json\n") as server:
        path = server.directory / "log.json"
        until(lambda: lines(path), "the first line")
        os.rename(path, server.directory / "old.json")
        server.process.send_signal(signal.SIGUSR1)
        until(path.exists, "a new file")

        def said():  # a role hears of the new file a moment after MASTER has made it
            with server.client() as smtp:
                smtp.noop()
            return named(path, "disconnect")
        until(said, "the events in the new file")


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("passed", name)
