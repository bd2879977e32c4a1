"""How long a fresh process takes to load the code location, its manifest being there.

Held against the import of dagster and dagster_dbt, which every code location of this kind pays.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from benchmarks.bench import Bench
from benchmarks.measure import Measure, alternate, seconds_of


def measure(bench: Bench) -> list[Measure]:
    """Seconds of loading, and their ratio to the bare imports."""
    with tempfile.TemporaryDirectory(prefix="omie-bench-load-") as home:
        variables = {**os.environ, "OMIE_PIPELINE_HOME": home, "DAGSTER_DISABLE_TELEMETRY": "yes"}

        def seconds_of_python(code: str) -> float:
            command = [sys.executable, "-c", code]
            return seconds_of(lambda: subprocess.run(command, env=variables, check=True))

        ours = "import omie_pipeline.definitions"
        seconds_of_python(ours)  # makes the manifest
        times = alternate(
            bench.repetitions,
            lambda: seconds_of_python("import dagster, dagster_dbt"),
            lambda: seconds_of_python(ours),
        )
    name = "code location load, against import dagster, dagster_dbt"
    return [Measure(name, times.told, times.ratio, at_most=1.3, before="1.8")]
