"""TLS with real clients: openssl s_client, Python's smtplib, curl, swaks; by STARTTLS and by smtps."""

import json
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import tls_files
from headgate_server import PATIENCE, Server, free_ports, until

MESSAGE = "Subject: by TLS\n\ntext\n"


class TlsServer(Server):
    """One service with STARTTLS on `port`, one with implicit TLS on `smtps`."""

    def __init__(self, main="", starttls="", files=None, certificate=True, names=(), **options):
        first, self.smtps = free_ports(2)
        master = (f"127.0.0.1:{first} inet n - n - 20 smtpd {starttls}\n"
                  f"127.0.0.1:{self.smtps} inet n - n - 20 smtpd -o smtpd_tls_wrappermode=yes\n")
        super().__init__(main=tls_files.MAIN + main, master=master, start=False, files=files, **options)
        if certificate:
            self.certificate = tls_files.make(self)
        for name in names:
            tls_files.make(self, name, name)
        self.start()
        self.port = first  # listeners come by name

    def s_client(self, *arguments, text="QUIT\r\n", starttls=True):
        """openssl s_client, which speaks when it was spoken to; returns what it printed. The server's answer to QUIT ends it."""
        where = ["-starttls", "smtp", "-connect", f"127.0.0.1:{self.port}"] if starttls else ["-connect", f"127.0.0.1:{self.smtps}"]
        client = subprocess.Popen(["openssl", "s_client", "-ign_eof", "-CAfile", str(self.certificate), *where, *arguments],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        printed = ""
        for line in client.stdout:
            printed += line
            if line.startswith("250 " if starttls else "220 "):
                break
        return printed + client.communicate(text, timeout=PATIENCE)[0]

    def send(self, context=None, to="me@here.example", message=MESSAGE):
        with self.client() as smtp:
            smtp.starttls(context=context or tls_files.context(self.certificate))
            smtp.sendmail("a@b.example", [to], message)


@unittest.skipUnless(tls_files.available(), "openssl is not installed")
class Tls(unittest.TestCase):
    def test_smtplib_by_both_ways(self):
        with TlsServer("smtpd_tls_received_header = yes\n") as server:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                server.send(tls_files.context(server.certificate, version))
            with smtplib.SMTP_SSL("127.0.0.1", server.smtps, local_hostname="client.example", timeout=PATIENCE,
                                  context=tls_files.context(server.certificate)) as smtp:
                smtp.ehlo()
                self.assertFalse(smtp.has_extn("starttls"))
                self.assertEqual(554, smtp.docmd("STARTTLS")[0])
                smtp.sendmail("a@b.example", ["me@here.example"], MESSAGE)
            mail = b"".join(server.wait_for_mail(3)).decode()
            self.assertEqual(3, mail.count(" with ESMTPS id "))
            self.assertIn("\t(using TLSv1.2 with cipher ECDHE-ECDSA-AES256-GCM-SHA384 (256/256 bits))\n"
                          "\t(No client certificate requested)\n", mail)
            self.assertEqual(2, mail.count("\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n"
                                           "\t key-exchange X25519 server-signature ECDSA (prime256v1) server-digest SHA256)\n"))
            server.wait_for_log("ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7", 2)
            self.assertIn("Anonymous TLS connection established from unknown[127.0.0.1]: TLSv1.3 with cipher "
                          "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature ECDSA (prime256v1) "
                          "server-digest SHA256", server.log())

    def test_the_json_log_has_the_facts(self):
        with TlsServer("maillog_json_file = $config_directory/json\n") as server:
            server.send()
            server.s_client("-tls1", text="")
            until(lambda: "tls_failure" in (server.config / "json").read_text(), "the failure in the JSON log")
            events = [json.loads(line) for line in (server.config / "json").read_text().splitlines()]
            done = next(event for event in events if event.get("event") == "tls")
            self.assertEqual(("TLSv1.3", "TLS_AES_256_GCM_SHA384", 0), (done["tls_protocol"], done["tls_cipher"], done["tls_reused"]))
            self.assertEqual("TLSv1.3", next(event for event in events if event.get("event") == "message")["tls_protocol"])
            self.assertTrue(any(event.get("event") == "tls_failure" for event in events))

    def test_s_client_by_both_ways(self):
        with TlsServer() as server:
            for starttls in (True, False):
                printed = server.s_client(starttls=starttls)
                self.assertIn("Verify return code: 0 (ok)", printed)
                self.assertIn("221 2.0.0 Bye", printed)
            # closed with a goodbye: s_client would say "unexpected eof" otherwise
            self.assertNotIn("unexpected eof", printed)

    def test_sessions_are_resumed_also_after_a_reload(self):
        with TlsServer() as server, tempfile.TemporaryDirectory() as directory:
            for version in ("-tls1_2", "-tls1_3"):
                session = str(Path(directory) / "session")
                self.assertIn("New, ", server.s_client(version, "-sess_out", session))
                self.assertIn("Reused, ", server.s_client(version, "-sess_in", session))
            before = server.log().count("reload: new sessions")
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions", before + 1)
            self.assertIn("Reused, ", server.s_client("-tls1_3", "-sess_in", session))

    def test_sessions_are_kept_for_clients_without_tickets(self):
        with tempfile.TemporaryDirectory() as directory:
            session = Path(directory) / "session"
            without = ("-tls1_2", "-no_ticket")
            with TlsServer() as server:
                server.s_client(*without, "-sess_out", str(session))
                self.assertFalse(session.exists())  # it has no id
            with TlsServer("smtpd_tls_session_cache_database = btree:/unused\n") as server:
                server.s_client(*without, "-sess_out", str(session))
                self.assertIn("Reused, ", server.s_client(*without, "-sess_in", str(session)))

    def test_curl(self):
        if not shutil.which("curl"):
            self.skipTest("curl is not installed")
        with TlsServer() as server:
            (server.directory / "message").write_text(MESSAGE)
            for url, more in ((f"smtp://127.0.0.1:{server.port}", ["--ssl-reqd"]), (f"smtps://127.0.0.1:{server.smtps}", [])):
                subprocess.run(["curl", "--silent", "--show-error", "--cacert", str(server.certificate), *more, "--url", url, "--mail-from",
                                "a@b.example", "--mail-rcpt", "me@here.example", "--upload-file", str(server.directory / "message")],
                               check=True, timeout=PATIENCE)
            server.wait_for_mail(2)

    def test_swaks(self):
        if not shutil.which("swaks") or subprocess.run(["perl", "-MNet::SSLeay", "-e", "1"], capture_output=True).returncode != 0:
            self.skipTest("swaks with Net::SSLeay is not installed")
        with TlsServer() as server:
            for port, how in ((server.port, "--tls"), (server.smtps, "--tls-on-connect")):
                done = subprocess.run(["swaks", "--server", f"127.0.0.1:{port}", how, "--from", "a@b.example", "--to", "me@here.example",
                                       "--helo", "client.example"], capture_output=True, text=True, timeout=PATIENCE)
                self.assertEqual(0, done.returncode, done.stdout)
            server.wait_for_mail(2)

    def test_ten_megabytes(self):
        with TlsServer("message_size_limit = 20000000\n") as server:
            body = "".join(f"{number:070d}\n" for number in range(140_000))
            server.send(message="Subject: big\n\n" + body)
            self.assertEqual(body, server.wait_for_mail(1)[0].decode().split("\n\n", 1)[1])
            with server.client() as smtp:  # the same in chunks
                smtp.starttls(context=tls_files.context(server.certificate))
                smtp.ehlo()
                smtp.docmd("MAIL FROM:<a@b.example>")
                smtp.docmd("RCPT TO:<me@here.example>")
                content = ("Subject: chunks\n\n" + body).replace("\n", "\r\n").encode()
                for start in range(0, len(content), 1_000_000):
                    chunk = content[start:start + 1_000_000]
                    last = " LAST" if start + len(chunk) == len(content) else ""
                    smtp.send(b"BDAT %d%s\r\n" % (len(chunk), last.encode()) + chunk)
                    self.assertEqual(250, smtp.getreply()[0])
            mails = [mail.decode() for mail in server.wait_for_mail(2)]
            self.assertEqual([body, body], [mail.split("\n\n", 1)[1] for mail in mails])

    def test_encrypt_takes_no_mail_in_the_clear(self):
        with TlsServer("smtpd_tls_security_level = encrypt\n") as server:
            with server.client() as smtp:
                smtp.ehlo()
                self.assertTrue(smtp.has_extn("starttls"))
                self.assertEqual((530, b"5.7.0 Must issue a STARTTLS command first"), smtp.docmd("MAIL FROM:<a@b.example>"))
                self.assertEqual((250, b"2.0.0 Ok"), smtp.docmd("NOOP"))
            server.send()
            server.wait_for_mail(1)

    def test_what_was_injected_is_thrown_away(self):
        with TlsServer() as server:
            raw = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
            lines = raw.makefile("rb")
            lines.readline()
            raw.sendall(b"EHLO a\r\n")
            while lines.readline()[3:4] == b"-":
                pass
            raw.sendall(b"STARTTLS\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<me@here.example>\r\n")
            self.assertEqual(b"220 2.0.0 Ready to start TLS\r\n", lines.readline())
            with tls_files.context(server.certificate).wrap_socket(raw) as secured:
                secured.sendall(b"DATA\r\n")
                replies = secured.makefile("rb")
                self.assertEqual(b"503 5.5.1 Error: need RCPT command\r\n", replies.readline())
            self.assertNotIn("evil", server.log())

    def test_a_handshake_that_stalls_is_cut(self):
        with TlsServer("smtpd_starttls_timeout = 1s\n") as server:
            for port in (server.port, server.smtps):
                raw = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
                if port == server.port:
                    lines = raw.makefile("rb")
                    lines.readline()
                    raw.sendall(b"STARTTLS\r\n")
                    lines.readline()
                raw.sendall(b"\x16\x03\x01")  # the beginning of a record, and then nothing
                self.assertEqual(b"", raw.recv(1))
                raw.close()
            server.wait_for_log("SSL_accept error from unknown[127.0.0.1]: Connection timed out", 2)
            server.wait_for_log("lost connection after STARTTLS from unknown[127.0.0.1]")
            server.wait_for_log("lost connection after CONNECT from unknown[127.0.0.1]")

    def test_new_sessions_have_a_rate(self):
        main = "smtpd_client_new_tls_session_rate_limit = 1\nsmtpd_client_event_limit_exceptions =\n"
        with TlsServer(main) as server, tempfile.TemporaryDirectory() as directory:
            session = str(Path(directory) / "session")
            self.assertIn("221 2.0.0 Bye", server.s_client("-sess_out", session))
            self.assertIn("Reused, ", server.s_client("-sess_in", session))  # costs nothing
            with server.client() as smtp:
                smtp.starttls(context=tls_files.context(server.certificate))
                self.assertEqual((421, b"4.7.0 mx.here.example Error: too many new TLS sessions from unknown[127.0.0.1]"), smtp.getreply())
            with server.client() as smtp:
                self.assertEqual(454, smtp.docmd("STARTTLS")[0])
            server.wait_for_log("New TLS session rate limit exceeded: 2 from unknown[127.0.0.1]")
            server.wait_for_log("Refusing STARTTLS request from unknown[127.0.0.1]")

    def test_plain_words_to_smtps(self):
        with TlsServer() as server:
            raw = socket.create_connection(("127.0.0.1", server.smtps), timeout=PATIENCE)
            raw.sendall(b"EHLO client.example\r\n")
            self.assertNotIn(b"220", raw.recv(100))  # an alert, at most
            raw.close()
            server.wait_for_log("SSL_accept error from unknown[127.0.0.1]: -1")
            server.wait_for_log("warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:")

    def test_server_names(self):
        with TlsServer("tls_server_sni_maps = texthash:$config_directory/sni\n",
                       files={"sni": "two.example two.pem\n.three.example three.pem\nbad.example /nonexistent\n"}) as server:
            tls_files.make(server, "two.example", "two.pem")
            tls_files.make(server, "*.three.example", "three.pem")
            text = (server.config / "sni").read_text()
            (server.config / "sni").write_text(re.sub(r"(two|three)\.pem", lambda m: str(server.config / m.group(0)), text))
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions")
            for asked, shown in (("two.example", "two.example"), ("mail.three.example", "*.three.example"),
                                 ("elsewhere.example", "mx.here.example")):
                printed = server.s_client("-servername", asked)
                self.assertIn(f"subject=CN = {shown}", printed, asked)
            self.assertIn("to two.example: TLSv1.3", server.log())
            self.assertIn("alert", server.s_client("-servername", "bad.example"))
            server.wait_for_log("error opening chain file: /nonexistent")

    def test_a_reload_takes_a_new_certificate_and_refuses_a_bad_one(self):
        with TlsServer() as server:
            old = server.s_client()
            (server.config / "chain.pem").write_text("nothing\n")
            server.kick(signal.SIGHUP)
            server.wait_for_log("chain.pem: no key and certificate")
            self.assertIn("Verify return code: 0 (ok)", server.s_client())
            server.certificate = tls_files.make(server, "new.here.example")
            before = server.log().count("reload: new sessions")
            server.kick(signal.SIGHUP)
            server.wait_for_log("reload: new sessions", before + 1)
            fresh = server.s_client()
            self.assertIn("CN = mx.here.example", old)
            self.assertIn("subject=CN = new.here.example", fresh)
            self.assertIn("Verify return code: 0 (ok)", fresh)

    def test_a_changed_table_leaves_the_certificates(self):
        with TlsServer("header_checks = pcre:$config_directory/checks\n", files={"checks": "/^Subject: one/ REJECT one\n"}) as server:
            (server.config / "chain.pem").unlink()  # as a server without the right to read it
            (server.config / "checks").write_text("/^Subject: by TLS/ REJECT two\n")
            def refused():
                try:
                    server.send()
                except smtplib.SMTPDataError as error:
                    return b"two" in error.smtp_error
                return False
            until(refused, "the new table")

    def test_without_a_certificate(self):
        with TlsServer(certificate=False) as server:
            self.assertIn("disabling TLS support", server.log())
            checked = server.run("check")
            self.assertNotEqual(0, checked.returncode)
            self.assertIn("smtpd_tls_chain_files: error loading private keys and certificates from: " + str(server.config / "chain.pem"),
                          checked.stderr)
            with server.client() as smtp:
                smtp.ehlo()
                self.assertFalse(smtp.has_extn("starttls"))
                self.assertEqual((454, b"4.7.0 TLS not available due to local problem"), smtp.docmd("STARTTLS"))
                smtp.sendmail("a@b.example", ["me@here.example"], MESSAGE)
            raw = socket.create_connection(("127.0.0.1", server.smtps), timeout=PATIENCE)
            self.assertEqual(b"", raw.recv(1))
            raw.close()
            server.wait_for_log("Wrapper-mode request dropped from unknown[127.0.0.1]")

    def test_client_certificates(self):
        main = "smtpd_tls_ask_ccert = yes\nsmtpd_tls_received_header = yes\nsmtpd_tls_CAfile = $config_directory/trusted.crt\n"
        with TlsServer(main, starttls="-o smtpd_tls_loglevel=2", names=("trusted", "stranger")) as server:
            for name in ("trusted", "stranger"):
                context = tls_files.context(server.certificate)
                context.load_cert_chain(server.config / name)
                server.send(context)
            server.send()
            trusted, stranger, nobody = (mail.decode() for mail in server.wait_for_mail(3))
            mails = trusted + stranger + nobody
            self.assertIn('\t(Client CN "trusted", Issuer "trusted" (verified OK))\n', mails)
            self.assertIn('\t(Client CN "stranger", Issuer "stranger" (not verified))\n', mails)
            self.assertIn("\t(Client did not present a certificate)\n", mails)
            self.assertEqual(2, mails.count("client-signature ECDSA (prime256v1) client-digest SHA256)"))
            log = server.log()
            self.assertIn("certificate verification failed for unknown[127.0.0.1]: self-signed certificate", log)
            self.assertIn("setting up TLS connection from unknown[127.0.0.1]", log)
            self.assertIn("SSL_accept:before SSL initialization", log)
            fingerprint = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(server.config / "trusted")],
                                         check=True, capture_output=True, text=True).stdout.strip().split("=")[1]
            self.assertIn(f"unknown[127.0.0.1]: subject_CN=trusted, issuer=trusted, fingerprint={fingerprint}, pkey_fingerprint=", log)
            self.assertIn("Trusted TLS connection established from unknown[127.0.0.1]", log)
            self.assertIn("Untrusted TLS connection established from unknown[127.0.0.1]", log)


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
