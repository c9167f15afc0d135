"""A round: some cases through both servers at once, each case by one client a server."""
import concurrent.futures
import dataclasses
import os
import pathlib
import tempfile

import client
import outcome
import servers
import sink


@dataclasses.dataclass
class Result:
    postfix_start: list  # complaints of cleanup before the first message
    headgate_start: list
    postfix: list  # an Outcome for each message
    headgate: list


def run(headgate, cases, with_postfix=True):
    """A Result for each case."""
    base = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None  # both servers fsync much; this is about answers
    directory = tempfile.mkdtemp(prefix='headgate-collide-', dir=base)
    os.chmod(directory, 0o755)
    started, gates = [], []
    try:
        return run_in(headgate, [placed(case, i) for i, case in enumerate(cases)], pathlib.Path(directory), with_postfix,
                      started, gates)
    finally:
        for server in started:
            server.stop()
        crashed = [(g.process.returncode, g.error_text()) for g in gates if g.process.returncode != 0]
        servers.remove(directory)
        if crashed:
            raise RuntimeError('headgate ended with %d:\n%s' % crashed[0])


def placed(case, place):
    return case.copy(messages=[dataclasses.replace(m, sender=m.sender.replace('cNN', 'c%02d' % place))
                               for m in case.messages])


def run_in(headgate, cases, directory, with_postfix, started, gates):
    hop = sink.Sink()
    folders = [directory / 'tables1' / str(i) for i in range(len(cases))]
    gate_folders = [directory / 'tables2' / str(i) for i in range(len(cases))]  # names as long: some texts are cut
    for i, case in enumerate(cases):
        servers.write_tables(case, folders[i], hop, 'd%d' % i)
        servers.write_tables(case, gate_folders[i], hop, 'smtp')
        gates.append(servers.Headgate(headgate, directory / ('headgate%d' % i), case, gate_folders[i], hop))
        started.append(gates[-1])
    postfix = None
    if with_postfix:
        postfix = servers.Postfix(directory / 'postfix', cases, folders, hop)
        started.append(postfix)
    for gate in gates:
        gate.wait()
    ports = [gate.port for gate in gates] + (postfix.ports if postfix else [])
    with concurrent.futures.ThreadPoolExecutor(len(ports)) as pool:
        jobs = [pool.submit(client.deliver_all, port, case.messages) for port, case in zip(ports, cases + cases)]
        replies = [job.result() for job in jobs]
    for server in started:
        server.settle()
    general = postfix.general_log() if postfix else []
    results = []
    for i, gate in enumerate(gates):
        lines = gate.case_log()
        start, outcomes = outcome.collect(replies[i], lines, lines, hop.deliveries, gate.held)
        result = Result([], start, [], outcomes)
        if postfix:
            lines = postfix.case_log(i)
            result.postfix_start, result.postfix = outcome.collect(
                replies[len(gates) + i], lines, lines + general, hop.deliveries, lambda q, i=i: postfix.held(i, q))
        results.append(result)
    hop.close()
    return results
