"""How a home is doing: what is ready, how often it was restarted, its memory and its database connections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local.cluster import Cluster
from deploy.local.home import LocalError
from deploy.local.nats import jetstream_answers
from deploy.local.plan import STANDARD
from deploy.local.processes import find
from deploy.local.supervisor import answers


@dataclass(frozen=True)
class ProcessStatus:
    """One process: ``ready`` is its own answer now; ``memory`` is its and its children's share in bytes (PSS), None
    where the kernel does not tell it."""

    name: str
    pid: int
    address: str | None
    ready: bool
    restarts: int
    memory: int | None


@dataclass(frozen=True)
class Status:
    """A home that is up. ``memory`` is the sum over all processes in bytes; ``connections`` are by database."""

    processes: tuple[ProcessStatus, ...]
    memory: int | None
    connections: dict[str, int]

    @property
    def ready(self) -> bool:
        return all(process.ready for process in self.processes)


def status(cluster: Cluster) -> Status:
    """Look at everything once."""
    connections = _connections(cluster)
    ready = {
        "supervisor": True,
        "postgres": connections is not None,
        "nats": _nats_ready(cluster),
        **{
            program.name: _program_ready(cluster, program.name, program.probe)
            for program in STANDARD.programs
        },
    }
    processes = []
    for name, process in {"supervisor": cluster.state.supervisor, **cluster.processes()}.items():
        found = find(process)
        memory = None if found is None else _memory(found, with_children=name != "supervisor")
        processes.append(
            ProcessStatus(
                name,
                process.pid,
                process.address,
                found is not None and ready.get(name, True),
                process.restarts,
                memory,
            )
        )
    known = [process.memory for process in processes if process.memory is not None]
    return Status(tuple(processes), sum(known) if known else None, connections or {})


def _program_ready(cluster: Cluster, name: str, probe: str) -> bool:
    process = cluster.state.processes.get(name)
    return process is not None and answers(process.address or "", probe)


def _nats_ready(cluster: Cluster) -> bool:
    try:
        return jetstream_answers(cluster.servers.nats_port, cluster.servers.credentials.nats)
    except OSError:
        return False


def _connections(cluster: Cluster) -> dict[str, int] | None:
    try:
        rows = (row.split("|") for row in cluster.servers.psql.run("connections"))
        return {database: int(count) for database, count in rows}
    except LocalError:
        return None


def _memory(process: psutil.Process, *, with_children: bool) -> int | None:
    """Proportional set size: pages shared by several processes count once in the sum over all of them."""
    try:
        family = [process, *(process.children(recursive=True) if with_children else ())]
    except psutil.NoSuchProcess:
        return None
    shares = list(filter(None, (_pss(member.pid) for member in family)))
    return sum(shares) if shares else None


def _pss(pid: int) -> int | None:
    try:
        lines: Iterable[str] = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), None)
