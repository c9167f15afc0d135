#!/usr/bin/env python3
"""testssl.sh (Debian package testssl.sh) against the defaults, by STARTTLS and by smtps, with an ECDSA and an RSA certificate of an
authority that is made here: nothing worse than LOW may be found. About three minutes a scan, so it is run by hand:

    HEADGATE=build/release/bin/headgate python3 tests/e2e/testssl_scan.py [--only starttls|smtps] [--key ec|rsa]

What only says how the certificate came about (no revocation, no CAA record, a day's validity) is a private authority's, not ours.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from headgate_server import Server

OF_THE_CERTIFICATE = ("cert_", "OCSP", "DNS_CAArecord", "certificate_transparency")
GRAVE = ("MEDIUM", "HIGH", "CRITICAL", "FATAL")
KEYS = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], "rsa": ["rsa:2048"]}


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def certify(directory, kind):
    """A chain file with a key of that kind, certified by an authority that is made for it."""
    authority, request = directory / f"{kind}.ca", directory / f"{kind}.csr"
    openssl("req", "-x509", "-newkey", *KEYS["ec"], "-nodes", "-days", "90", "-keyout", f"{authority}.key", "-out", str(authority),
            "-subj", "/CN=testssl authority")
    openssl("req", "-newkey", *KEYS[kind], "-nodes", "-keyout", f"{request}.key", "-out", str(request), "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "extendedKeyUsage=serverAuth")
    openssl("x509", "-req", "-in", str(request), "-CA", str(authority), "-CAkey", f"{authority}.key", "-days", "80", "-copy_extensions",
            "copyall", "-out", f"{request}.crt")
    (directory / f"{kind}.pem").write_text(Path(f"{request}.key").read_text() + Path(f"{request}.crt").read_text())
    return authority


def scan(server, port, starttls, authority, directory):
    """Findings above LOW, and how many there were in all."""
    report = directory / f"report-{port}.json"
    how = ["-t", "smtp"] if starttls else []
    subprocess.run(["testssl", "--quiet", "--warnings", "off", "--nodns", "none", "--color", "0", "--add-ca", str(authority), "--jsonfile",
                    str(report), *how, f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, check=False)
    found = json.loads(report.read_text())
    worse = [f for f in found if f["severity"] in GRAVE and not f["id"].startswith(OF_THE_CERTIFICATE)]
    return worse, len(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("starttls", "smtps"))
    parser.add_argument("--key", choices=tuple(KEYS))
    options = parser.parse_args()
    if shutil.which("testssl") is None:
        print("testssl_scan.py: install testssl.sh")
        return 77
    failed = False
    for kind in [options.key] if options.key else list(KEYS):
        for way in [options.only] if options.only else ["starttls", "smtps"]:
            with tempfile.TemporaryDirectory() as scratch:
                directory = Path(scratch)
                authority = certify(directory, kind)
                main_cf = f"smtpd_tls_security_level = may\nsmtpd_tls_chain_files = {directory}/{kind}.pem\n"
                wrapper = " -o smtpd_tls_wrappermode=yes" if way == "smtps" else ""
                with Server(main=main_cf, master=f"127.0.0.1:0 inet n - n - 100 smtpd{wrapper}\n") as server:
                    worse, count = scan(server, server.port, way == "starttls", authority, directory)
            print(f"{way}, {kind}: {count} findings, {len(worse)} worse than LOW")
            for finding in worse:
                print(f"  {finding['severity']} {finding['id']}: {finding['finding']}")
            failed = failed or bool(worse) or count < 100
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
