"""Whether the process of a run lives: exact where it can be looked for, patient elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from omie_pipeline.postgres.run_workers import (
    REBOOTED_AFTER,
    SILENT_AFTER,
    Life,
    Process,
    give_sign,
    life_of,
    sign_off,
    this_process,
)

RUN = "2c1b"


def _silent_for(engine: sa.Engine, silence: timedelta) -> None:
    statement = sa.text("UPDATE omie_sync.run_worker SET seen_at = now() - :silence")
    with engine.begin() as connection:
        connection.execute(statement, {"silence": silence})


def test_of_a_run_that_never_gave_a_sign_nothing_is_known(engine: sa.Engine) -> None:
    assert life_of(engine, RUN) is Life.UNKNOWN


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")
def test_a_process_of_this_machine_is_looked_for(engine: sa.Engine) -> None:
    here = this_process()
    give_sign(engine, RUN, here)
    # However long it said nothing: it is there.
    _silent_for(engine, timedelta(days=1))
    assert life_of(engine, RUN) is Life.ALIVE

    child = subprocess.Popen(
        [sys.executable, "-c", "from omie_pipeline.postgres.run_workers import this_process;"
         "print(this_process().started, flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    started = child.stdout.readline().strip()
    give_sign(engine, RUN, replace(here, pid=child.pid, started=started))
    assert life_of(engine, RUN) is Life.ALIVE
    child.kill()
    # It has ended, but nobody has collected its exit status: its pipe closes
    # before that, while the process still runs through its own exit.
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert life_of(engine, RUN) is Life.DEAD
    child.communicate()
    assert life_of(engine, RUN) is Life.DEAD


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")
def test_a_number_that_was_used_again_is_another_process(engine: sa.Engine) -> None:
    give_sign(engine, RUN, replace(this_process(), started="1"))
    assert life_of(engine, RUN) is Life.DEAD


@pytest.mark.parametrize(
    ("there", "limit"),
    [
        (Process("outra/1", "outra/1/boot/pid", 7, "9"), SILENT_AFTER),
        (Process("esta/1", "esta/1/antes/pid", 7, "9"), REBOOTED_AFTER),
        (Process("outra/1", "", 7, ""), SILENT_AFTER),
    ],
)
def test_what_cannot_be_looked_for_is_dead_after_a_silence(
    engine: sa.Engine, there: Process, limit: timedelta
) -> None:
    here = Process("esta/1", "esta/1/agora/pid", 1, "1")
    give_sign(engine, RUN, there)
    _silent_for(engine, limit - timedelta(seconds=20))
    assert life_of(engine, RUN, here) is Life.ALIVE
    _silent_for(engine, limit + timedelta(seconds=1))
    assert life_of(engine, RUN, here) is Life.DEAD
    give_sign(engine, RUN, there)
    assert life_of(engine, RUN, here) is Life.ALIVE
    sign_off(engine, RUN)
    assert life_of(engine, RUN, here) is Life.UNKNOWN
