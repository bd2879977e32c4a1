"""Errors as messages: what happened, what to do next, and never a secret."""

from __future__ import annotations

import errno
import traceback

from omie_pipeline.cli.output import say
from omie_pipeline.errors import Blocked, GuardrailStopped, OmieFault, OmiePipelineError
from omie_pipeline.texts.cli import usage as texts

FAILED = 1
WRONG_USAGE = 2
UNFINISHED = 3
INTERRUPTED = 130


def next_step(error_class: str, error: str = "") -> str:
    """What a person does after a run ended in ``error_class``; ``""`` if nothing is known."""
    if not error_class and error:
        return texts.INTERRUPTED_RUN
    return texts.NEXT_STEPS.get(error_class, "")


def reading_step(error_class: str, error: str = "") -> str:
    """What a person does after a reading of Omie ended in ``error_class``."""
    if not error_class and error:
        return texts.INTERRUPTED_READING
    return texts.READING_STEPS.get(error_class, "")


def print_error(
    error: OmiePipelineError, *, about: str = "", debug: bool = False, reading: bool = False
) -> None:
    """The message of ``error`` and what to do, on stderr.

    Args:
        error: the error.
        about: what was being done, ``clientes (principal)`` say.
        debug: show the traceback first, without secrets.
        reading: it was a question to Omie, nothing was sent.
    """
    if debug:
        say(without_secrets("".join(traceback.format_exception(error))))
    prefix = f"{about}: " if about else ""
    say(without_secrets(texts.error_line(about=prefix, what=_told(error))))
    if isinstance(error, GuardrailStopped) and error.commonest:
        from omie_pipeline.omie.masking import mask_text

        say(texts.COMMONEST_REASONS)
        for reason in error.commonest:
            say(without_secrets(f"  {mask_text(reason)}"))
    step = error_fix(error, reading=reading)
    if step:
        say(texts.what_to_do(step))


def tell_os_error(error: OSError, *, debug: bool = False) -> None:
    """What the machine refused: the file or folder, why, and what to do; on stderr."""
    if debug:
        say(without_secrets("".join(traceback.format_exception(error))))
    place = f"{error.filename}: " if error.filename else ""
    cause, step = _REFUSED_BY_THE_MACHINE.get(
        error.errno or 0, (error.strerror or type(error).__name__, texts.ELSEWHERE)
    )
    say(without_secrets(texts.error_line(about=place, what=cause)))
    say(texts.what_to_do(step))


_REFUSED_BY_THE_MACHINE = {
    errno.ENOSPC: (texts.DISK_FULL, texts.DISK_FULL_FIX),
    errno.EDQUOT: (texts.QUOTA_SPENT, texts.DISK_FULL_FIX),
    errno.EACCES: (texts.NO_PERMISSION, texts.ELSEWHERE),
    errno.EPERM: (texts.NO_PERMISSION, texts.ELSEWHERE),
    errno.EROFS: (texts.READ_ONLY_FOLDER, texts.ELSEWHERE),
    errno.ENOTDIR: (texts.FILE_INSTEAD_OF_FOLDER, texts.ELSEWHERE),
    errno.EEXIST: (texts.FILE_INSTEAD_OF_FOLDER, texts.ELSEWHERE),
    errno.EISDIR: (texts.FOLDER_INSTEAD_OF_FILE, texts.FOLDER_INSTEAD_OF_FILE_FIX),
    errno.ENOENT: (texts.NOT_THERE, texts.ELSEWHERE),
    errno.ENAMETOOLONG: (texts.PATH_TOO_LONG, texts.ELSEWHERE),
    errno.EMFILE: (texts.TOO_MANY_FILES, texts.TOO_MANY_FILES_FIX),
}


def tell_interrupted() -> None:
    """Say that Ctrl-C ended it, and that nothing is lost."""
    say(texts.INTERRUPTED)


def without_secrets(text: str) -> str:
    """``text`` without the value of any secret variable and without passwords in URLs."""
    from omie_pipeline.config.hidden import hide_secrets

    return hide_secrets(text)


def _told(error: OmiePipelineError) -> str:
    if isinstance(error, GuardrailStopped):
        return texts.STOPPED_BEFORE_FIRST_CALL + "; ".join(error.reasons)
    if isinstance(error, Blocked):
        from omie_pipeline.cli.output import moment

        return texts.error_until(error=error, until=moment(error.until))
    return str(error)


def error_fix(error: OmiePipelineError, *, reading: bool = False) -> str:
    """What a person does about ``error``; ``""`` if nothing is known."""
    step = (reading_step if reading else next_step)(type(error).__name__)
    if isinstance(error, OmieFault) and error.detail.fix:
        return f"{error.detail.fix} {step}".strip()
    return step
