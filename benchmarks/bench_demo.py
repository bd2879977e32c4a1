"""The demo a second time: everything is read, compared and found as it was delivered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.measure import Measure


def measure(_bench: Bench) -> list[Measure]:
    """Wall seconds of the second of two demos, with its CPU and that of what it started."""
    with tempfile.TemporaryDirectory(prefix="omie-bench-demo-") as folder:
        Path(folder).chmod(0o711)
        _demo(folder)
        second = _demo(folder)
    figure = f"{second['wall']:.1f} s wall, {second['cpu']:.1f} s CPU with PostgreSQL"
    return [Measure("demo, second run: wall", figure, second["wall"], at_most=30, before="4:22")]


def _demo(folder: str) -> dict[str, Any]:
    demo = [sys.executable, "-m", "benchmarks.demo_worker", str(Path(folder) / "demo")]
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.metered", *demo],
        env={**os.environ, "DAGSTER_DISABLE_TELEMETRY": "yes"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    if found["code"] != 0:
        raise SystemExit(f"The demo ended with {found['code']}.")
    return found
