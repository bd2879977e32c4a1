"""Which process carries out a run, and whether it is still alive.

On the machine and boot that ask, the process itself is looked for. Of another machine all that is
known is when it last reported: a process there is never called dead before a long silence.
"""

from __future__ import annotations

import enum
import os
import socket
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import SYNC, metadata

SIGN_EVERY_SECONDS = 10.0
REBOOTED_AFTER = timedelta(seconds=45)
"""Silence after which a process of this machine's earlier boot is dead."""

SILENT_AFTER = timedelta(minutes=10)
"""Silence after which a process of another machine is dead: a paused one may come back."""

_FORGOTTEN_AFTER = timedelta(days=7)

run_worker = sa.Table(
    "run_worker",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True, comment="Dagster's id of the run"),
    sa.Column("host", sa.Text, nullable=False, comment="machine, whatever its boot"),
    sa.Column("place", sa.Text, nullable=False, comment="machine, boot and process space"),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("process_start", sa.Text, nullable=False, comment="tells a reused pid"),
    sa.Column(
        "seen_at", sa.DateTime(timezone=True), nullable=False, comment="the database's clock"
    ),
    schema=SYNC,
    comment="Processes that carry out Dagster's runs; a row goes when its run has ended",
)


class Life(enum.Enum):
    """What is known of the process of a run."""

    ALIVE = "vivo"
    DEAD = "morto"
    UNKNOWN = "desconhecido"


@dataclass(frozen=True, slots=True)
class Process:
    """A process, told apart from all others.

    Attributes:
        host: the machine, the same after a reboot.
        place: machine, boot and space of process numbers: if they are the same, ``pid`` can be
            looked for; empty if the system does not say.
        started: when it started, in the system's own words: a number is used again.
    """

    host: str
    place: str
    pid: int
    started: str


def this_process() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return Process(_host(), _place(), pid, _started(pid) or "")


def give_sign(engine: sa.Engine, run_id: str, process: Process) -> None:
    """Write that ``process`` carries out the run and lives.

    Raises:
        WarehouseError: the database is gone.
    """
    statement = insert(run_worker).values(
        run_id=run_id,
        host=process.host,
        place=process.place,
        pid=process.pid,
        process_start=process.started,
        seen_at=sa.func.now(),
    )
    new = statement.excluded
    names = ("host", "place", "pid", "process_start", "seen_at")
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[run_worker.c.run_id], set_={name: new[name] for name in names}
            )
        )


def sign_off(engine: sa.Engine, run_id: str) -> None:
    """The run ended: nothing is to be known of its process any more."""
    old = run_worker.c.seen_at < sa.func.now() - _FORGOTTEN_AFTER
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(sa.delete(run_worker).where(sa.or_(run_worker.c.run_id == run_id, old)))


def life_of(engine: sa.Engine, run_id: str, asking: Process | None = None) -> Life:
    """Whether the process of a run is alive; ``UNKNOWN`` if none ever reported.

    Args:
        asking: where the question comes from; default: this process.

    Raises:
        WarehouseError: the database is gone.
    """
    here, c = asking or this_process(), run_worker.c
    query = sa.select(
        c.host, c.place, c.pid, c.process_start, (sa.func.now() - c.seen_at).label("silence")
    ).where(c.run_id == run_id)
    with warehouse_errors(), engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return Life.UNKNOWN
    if row.place and row.place == here.place:
        return Life.ALIVE if _started(row.pid) == row.process_start else Life.DEAD
    limit = REBOOTED_AFTER if row.host == here.host and here.place else SILENT_AFTER
    return Life.DEAD if row.silence > limit else Life.ALIVE


def _host() -> str:
    """Name and, if there is one, identity of the machine."""
    return f"{socket.gethostname()}/{_text('/etc/machine-id')}"


def _place() -> str:
    boot = _text("/proc/sys/kernel/random/boot_id")
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
    return f"{_host()}/{boot}/{space}" if boot else ""


def _started(pid: int) -> str | None:
    """When a process started; ``None`` if there is none, or one that is only to be buried."""
    if sys.platform != "linux":
        return None
    # The name in parentheses may hold anything: what follows the last one is regular.
    fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return None if len(fields) < 20 or fields[0] in ("Z", "X") else fields[19]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
