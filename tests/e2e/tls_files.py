"""Certificates for a test, made by openssl when the test runs: nothing secret is in the repository."""

import shutil
import ssl
import subprocess

MAIN = "smtpd_tls_security_level = may\nsmtpd_tls_chain_files = $config_directory/chain.pem\nsmtpd_tls_loglevel = 1\n"


def available():
    return shutil.which("openssl") is not None


def make(server, name="mx.here.example", chain="chain.pem"):
    """A key and a self-signed certificate for it, as one chain file in the server's configuration directory."""
    key, certificate = server.config / (chain + ".key"), server.config / (chain + ".crt")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-keyout", str(key), "-out", str(certificate), "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1"], check=True, capture_output=True)
    (server.config / chain).write_text(key.read_text() + certificate.read_text())
    return certificate


def context(certificate=None, version=None):
    made = ssl.create_default_context(cafile=str(certificate) if certificate else None)
    made.check_hostname = False
    if certificate is None:
        made.verify_mode = ssl.CERT_NONE
    if version is not None:
        made.minimum_version = made.maximum_version = version
    return made
