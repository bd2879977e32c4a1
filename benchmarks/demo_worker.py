"""``omie-pipeline demo`` in the folder of the first argument, not in the one of the checkout."""

from __future__ import annotations

import sys
from pathlib import Path

from omie_pipeline.cli import sandbox


def main() -> None:
    """The demo itself, as a person sees it."""
    folder = Path(sys.argv[1])
    # Before anything takes the function by its name.
    sandbox.demo_home = lambda: folder
    from omie_pipeline.cli.demo import demo

    demo()


if __name__ == "__main__":
    main()
