"""What tests of compiled tables look at: the files, the builder processes, a table's row in `headgate status`."""

import hashlib
import json
import os
import pathlib

import roles
from headgate_server import until

HEADER_BYTES, DIGEST_AT, DIGEST_BYTES = 128, 72, 32
NOW_SCANNED = "is matched with its database now"
BUILDING = "building a database"
# For main.cf: the default of this parameter has a table of its own, which would be built, too.
ALONE = "smtpd_forbidden_commands =\n"

# A few seconds of work for a builder, so that there is one to be seen; a reference engine is through with them at once.
# Patterns without a literal: each goes to a database with its own spelling, and that takes some seconds.
SLOW = "".join(f"/[0-9]{{12,{20 + i % 100}}}[a-m]{{2,9}}[n-z]{{2,9}}{'[a-c]' * (i % 7)}[d-z]{{3}}/ REJECT n\n" for i in range(400))


def images(server, directory=None):
    return sorted((directory or server.directory / "spool" / "images").glob("*.image"))


def litter(server, directory=None):
    """What lies in the directory that is no image."""
    return [p.name for p in (directory or server.directory / "spool" / "images").iterdir() if p.suffix != ".image"]


def is_valid(image):
    """As docs/image_format.md says: its length, and the SHA-256 over all other bytes."""
    data = image.read_bytes()
    digest = hashlib.sha256(data[:DIGEST_AT] + data[DIGEST_AT + DIGEST_BYTES:]).digest()
    return (data[:8] == b"headgate" and int.from_bytes(data[16:24], "little") == len(data)
            and data[DIGEST_AT:DIGEST_AT + DIGEST_BYTES] == digest and data[40:72].hex() == image.stem)


def row(server, table="checks", kind="pcre", config=None):
    """The table's row of the status."""
    done = server.run("--json", "status")
    assert done.returncode == 0, done.stderr
    return next(t for t in json.loads(done.stdout)["tables"] if t["table"] == f"{kind}:{config or server.config}/{table}")


def is_scanned(server, table="checks", kind="pcre", config=None):
    return row(server, table, kind, config)["databases"] > 0


def wait_until_scanned(server, table="checks", kind="pcre", config=None):
    until(lambda: is_scanned(server, table, kind, config), f"the database of {table}; log:\n{server.log()}")


def processes():
    """(process, its parent, its state, its name) of all."""
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "stat").read_text(errors="replace")
        except OSError:  # gone meanwhile
            continue
        name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
        yield int(entry.name), int(rest[1]), rest[0], name


def children(pid):
    return [(child, state, name) for child, parent, state, name in processes() if parent == pid]


def builders(server):
    parents = [server.process.pid]
    if server.split:  # its BUILDER starts them
        parents += [child for child, _, _ in children(server.process.pid)]
    return [child for parent in parents for child, state, name in children(parent)
            if name.startswith("headgate-comp") and state != "Z"]


def workers(server):
    """Children of the process, or processes, that have tables."""
    parents = [child for child, _, _ in children(server.process.pid)] if server.split else [server.process.pid]
    return [worker for parent in parents for worker in children(parent)]


def front(server):
    """The process that has the tables: the server, or its FRONT."""
    return roles.one(server, "front") if server.split else server.process.pid


def compilers_of(directory):
    """Builders and their workers that were started for images below `directory`."""
    found = []
    for pid, _, state, name in processes():
        if not name.startswith("headgate-comp") or state == "Z":
            continue
        try:
            if str(directory) in pathlib.Path(f"/proc/{pid}/cmdline").read_text(errors="replace"):
                found.append(pid)
        except OSError:
            pass
    return found


def open_descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def mapped_images(pid):
    """The image files that the process maps, replaced and removed ones too."""
    return {line.split(maxsplit=5)[5] for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines() if ".image" in line}
