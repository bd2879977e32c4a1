"""What ``omie-pipeline dev`` does about its servers."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from omie_pipeline.cli import dev
from omie_pipeline.errors import ConfigurationError


def test_an_interrupt_that_was_swallowed_counts_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dev, "_asked", threading.Event())
    with pytest.raises(KeyboardInterrupt):
        dev.ask_to_end(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):
        dev.watch([])


class _InterruptedWhileItGoes:
    """Ctrl-C meets its finalizer, where Python swallows every error and prints it."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def _go_and_wait() -> None:
    _InterruptedWhileItGoes()
    threading.Event().wait(5)
    pytest.fail("the interrupt is lost")


def test_an_interrupt_in_a_finalizer_comes_again_without_a_word(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "_asked", threading.Event())
    monkeypatch.setattr(sys, "unraisablehook", dev.interrupt_again)
    before = {n: signal.signal(n, dev.ask_to_end) for n in (signal.SIGINT, signal.SIGALRM)}
    try:
        with pytest.raises(KeyboardInterrupt):
            _go_and_wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert capfd.readouterr().err == ""


class _BrokenWhileItGoes:
    def __del__(self) -> None:
        raise ValueError("lost")


def test_other_errors_of_finalizers_are_printed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", dev.interrupt_again)
    _BrokenWhileItGoes()
    assert "ValueError: lost" in capfd.readouterr().err


class _Time:
    """Passes while the command pauses."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def pause(self) -> None:
        self.now += 10.0


def test_a_socket_on_which_nobody_listens_is_waited_for_with_words_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    passing = _Time()
    monkeypatch.setattr(dev, "time", passing)
    monkeypatch.setattr(dev, "_pause", passing.pause)
    process: Any = SimpleNamespace(poll=lambda: None)
    servers, told = [dev.Server("dagster code-server", process)], list[str]()
    with pytest.raises(ConfigurationError, match="dagster code-server não respondeu em 5 min"):
        dev.wait_for_socket(tmp_path / "code.sock", servers, told.append)
    assert told[0] == "  … o Dagster ainda está subindo (20 s)"
    assert len(told) == 14
