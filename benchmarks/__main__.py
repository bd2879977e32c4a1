"""``python -m benchmarks [NAME...] [--quick]``: every measure, its ratio and its target.

Exits 1 when a target is missed; with ``--quick`` never, since what is paid once weighs too much on
few rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks import (
    bench_build,
    bench_console,
    bench_demo,
    bench_diff,
    bench_extract,
    bench_import,
    bench_load,
    bench_lots,
    bench_pacing,
    bench_push,
    bench_runs,
    bench_suggestions,
    bench_sync,
    bench_validation,
    bench_webhooks,
)
from benchmarks.bench import Bench, own_postgres
from benchmarks.measure import Measure, table

BENCHES: dict[str, Callable[[Bench], list[Measure]]] = {
    "push": bench_push.measure,
    "sync": bench_sync.measure,
    "pacing": bench_pacing.measure,
    "diff": bench_diff.measure,
    "validation": bench_validation.measure,
    "suggestions": bench_suggestions.measure,
    "load": bench_load.measure,
    "runs": bench_runs.measure,
    "demo": bench_demo.measure,
    "lots": bench_lots.measure,
    "build": bench_build.measure,
    "extract": bench_extract.measure,
    "import": bench_import.measure,
    "console": bench_console.measure,
    "webhooks": bench_webhooks.measure,
}


def main() -> int:
    """Run the named measures, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"one of {', '.join(BENCHES)}; all when left out")
    parser.add_argument("--quick", action="store_true", help="few rows and one repetition")
    options = parser.parse_args()
    unknown = set(options.name) - set(BENCHES)
    if unknown:
        parser.error(f"no measure is called {', '.join(sorted(unknown))}")
    measures: list[Measure] = []
    with own_postgres(quick=options.quick) as bench:
        for name in options.name or BENCHES:
            print(f"... {name}", file=sys.stderr, flush=True)
            found = BENCHES[name](bench)
            measures += found
            for measure in found:
                print("  ".join(cell for cell in measure.cells if cell), flush=True)
    print(f"\n{table(measures)}")
    return 1 if any(measure.missed for measure in measures) and not options.quick else 0


if __name__ == "__main__":
    sys.exit(main())
