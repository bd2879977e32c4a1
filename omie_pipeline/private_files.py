"""Files with people's data: only their owner reads them, whatever the umask says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_WALKED_MODE = 0o711
_OTHERS = 0o077


def make_private_folder(folder: Path, below: Path | None = None) -> None:
    """Make ``folder`` and what is missing above it, for the owner alone.

    Args:
        below: folders under this one are ours: those that stand there are closed to others too. A
            folder that another program made stays as it is.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        one.chmod(FOLDER_MODE)
    if below is not None:
        for one in (folder, *folder.parents):
            if below not in one.parents:
                break
            close_to_others(one)


def make_home(home: Path) -> None:
    """Make the state folder and what is missing above it; one that stands stays as it is.

    As root, PostgreSQL runs under another account: that one, and so others, may walk through, and
    what lies on the way is closed by itself.
    """
    missing = [one for one in (home, *home.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        one.chmod(_WALKED_MODE if os.geteuid() == 0 else FOLDER_MODE)


def make_state_folder(folder: Path, home: Path) -> None:
    """Make a folder of the state folder ``home``, or close the one that stands there to others."""
    make_home(home)
    make_private_folder(folder, below=home)


def close_to_others(path: Path) -> bool:
    """Take the rights of group and others from what we own; whether there were any."""
    state = path.stat()
    if not state.st_mode & _OTHERS or state.st_uid != os.geteuid():
        return False
    path.chmod(state.st_mode & ~_OTHERS & 0o7777)
    return True


def private_opener(path: str, flags: int) -> int:
    """Opener for ``open``: a file that is made by it is its owner's; one that stands there keeps
    the rights that it was given."""
    existed = Path(path).exists()
    handle = os.open(path, flags, FILE_MODE)
    if not existed:
        os.fchmod(handle, FILE_MODE)
    return handle


def open_to_others(root: Path) -> Iterator[Path]:
    """Files and folders under ``root``, itself included, that others than the owner may enter or
    read."""
    if not root.exists():
        return
    for path in (root, *sorted(root.rglob("*"))):
        if not path.is_symlink() and path.stat().st_mode & _OTHERS:
            yield path
