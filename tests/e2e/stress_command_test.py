"""The dial by hand, and where it can be read: `headgate stress`, `headgate status`, `ps`."""

import json
import pathlib
import unittest

from headgate_server import SPLIT, Server, until
from roles import one
from stress_test import Idle

MASTER = ("127.0.0.1:0 inet n - n - 5 smtpd\n"
          "127.0.0.3:0 inet n - n - 5 smtpd\n  -o stress=yes\n"
          "127.0.0.2:0 inet n - n - 1 smtpd\n")


class Command(unittest.TestCase):
    def run_ok(self, server, *arguments):
        done = server.run(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def services(self, server):
        document = json.loads(self.run_ok(server, "--json", "status"))
        return {service["service"]: service for service in document["services"]}, document["stress"]

    def title(self, server):
        pid = one(server, "front") if SPLIT else server.process.pid
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode()

    def test_on_off_auto(self):
        with Server("smtpd_timeout = ${stress?{11}:{222}}s\n", master=MASTER) as server:
            services, _ = self.services(server)
            main = services["127.0.0.1:0"]
            self.assertEqual((main["level"], main["mode"], main["stress"], main["changed"]), (0, "auto", "calm", []))
            self.assertEqual(services["127.0.0.3:0"]["mode"], "forced on")
            self.assertEqual(services["127.0.0.2:0"]["mode"], "never")

            self.assertIn("127.0.0.1:0 ([127.0.0.1]:0): level 1; on; on by hand", self.run_ok(server, "stress", "on"))
            server.wait_for_log("entering stress mode (on by hand)")
            services, _ = self.services(server)
            main = services["127.0.0.1:0"]
            self.assertEqual((main["level"], main["mode"], main["stress"]), (1, "on", "stressed"))
            self.assertIn({"parameter": "smtpd_timeout", "calm": "222s", "stressed": "11s"}, main["changed"])
            self.assertIn({"parameter": "smtpd_hard_error_limit", "calm": "20", "stressed": "1"}, main["changed"])

            # A session that begins now is stressed, and a reload changes nothing.
            server.kick(1)
            server.wait_for_log("reload: new sessions use the new configuration")
            with server.client() as smtp:
                smtp.docmd("XYZZY")
                self.assertEqual(smtp.docmd("NOOP")[0], 421)  # came unasked behind the 500

            self.run_ok(server, "stress", "off", "127.0.0.1:0")
            server.wait_for_log("leaving stress mode")
            full = [Idle(server) for _ in range(5)]
            server.wait_for_log("has reached its process limit")
            services, _ = self.services(server)
            self.assertEqual((services["127.0.0.1:0"]["level"], services["127.0.0.1:0"]["mode"]), (0, "off"))
            self.assertIn("level 1; auto; 5/5 busy", self.run_ok(server, "stress", "auto"))
            _, house = self.services(server)
            self.assertEqual([(change["from"], change["to"], change["why"]) for change in house["history"]],
                             [(0, 1, "on by hand"), (1, 0, "off by hand"), (0, 1, "5/5 busy")])
            self.assertEqual(house["refusals"]["errors"], 1)
            for client in full:
                client.close()

    def test_what_cannot_be_switched(self):
        with Server(master=MASTER) as server:
            for service, reason in (("127.0.0.3:0", "stress is forced on"), ("127.0.0.2:0", "stress is never"),
                                    ("smtps", "no such service")):
                done = server.run("stress", "on", service)
                self.assertEqual(done.returncode, 64)
                self.assertIn(reason, done.stderr)
            self.assertEqual(server.run("stress", "up").returncode, 64)
            self.assertEqual(server.run("stress").returncode, 64)
            server.stop()
            self.assertEqual(server.run("stress", "status").returncode, 69)

    def test_ps_shows_it(self):
        with Server(master=MASTER) as server:
            calm = "smtpd -n 127.0.0.1:0 -t inet -o stress="
            until(lambda: self.title(server).startswith("headgate: "), "the title")
            self.assertIn(calm, self.title(server))
            self.assertNotIn(calm + "yes", self.title(server))
            self.assertIn("smtpd -n 127.0.0.3:0 -t inet -o stress=yes", self.title(server))
            self.assertIn("smtpd -n 127.0.0.2:0 -t inet", self.title(server))
            self.run_ok(server, "stress", "on")
            until(lambda: calm + "yes" in self.title(server), "stress in the title")
            # The environment is where the server finds it still.
            status = self.run_ok(server, "stress", "status")
            self.assertIn("stress", status)

    def test_status_in_words(self):
        with Server("header_checks = pcre:$config_directory/checks\n", maxproc=2,
                    files={"checks": "/x/ REJECT\n#@emergency\n/y/ REJECT\n"}) as server:
            clients = [Idle(server), Idle(server)]
            server.wait_for_log("entering stress mode")
            text = self.run_ok(server, "stress", "status")
            for part in ("level 1, stressed; auto; 2/2 busy; 0 waiting, 0 made room", "slots 1 of maxproc (limit 1, severe 3): stressed",
                         "smtpd_timeout: 300s -> 10s", "left out: rules without #@emergency", "refused or sent away: nobody",
                         "level 0 -> 1: 2/2 busy"):
                self.assertIn(part, text)
            self.assertIn("level 0 -> 1: 2/2 busy", self.run_ok(server, "status"))
            for client in clients:
                client.close()


if __name__ == "__main__":
    unittest.main()
