"""What a server costs: CPU time and memory of a process and all that came out of it, from /proc."""

import collections
import os

TICK = os.sysconf("SC_CLK_TCK")


def _read(pid):
    """(parent, CPU seconds of the process and of its children that have ended), or None when it has gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[1]), sum(int(field) for field in fields[11:15]) / TICK


def family(root):
    """{pid: CPU seconds} of a process and its living descendants."""
    cpu, children = {}, collections.defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit() and (found := _read(name)):
            cpu[int(name)] = found[1]
            children[found[0]].append(int(name))
    members, waiting = {}, [root]
    while waiting:
        pid = waiting.pop()
        if pid in cpu:
            members[pid] = cpu[pid]
            waiting += children[pid]
    return members


def cpu_seconds(root):
    """User and system time of the whole family. A child that ended is in its parent's account."""
    return sum(family(root).values())


def pss_kilobytes(root):
    """Proportional set size: shared pages are divided among those that share them. None: not ours to see."""
    total = 0
    for pid in family(root):
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError):
            continue
        except PermissionError:
            return None
    return total
