"""What ``omie-pipeline dev`` does about its servers."""

from __future__ import annotations

import signal
import threading

import pytest

from omie_pipeline.cli import dev


def test_an_interrupt_that_was_swallowed_counts_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dev, "_asked", threading.Event())
    with pytest.raises(KeyboardInterrupt):
        dev.ask_to_end(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):
        dev.watch([])
