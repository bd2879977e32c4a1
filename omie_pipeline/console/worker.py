"""The process of one long action: ``python -m omie_pipeline.console.worker ACTION_ID``."""

from __future__ import annotations

import sys

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.console.works import run


def main() -> int:
    """Do the action that is named; 0 if it went well."""
    (action_id,) = sys.argv[1:]
    return 0 if run(Deployment(), action_id) else 1


if __name__ == "__main__":
    sys.exit(main())
