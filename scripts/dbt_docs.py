"""Write the documentation of the dbt models as one page; started by ``make docs``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.config.dbt_project import assemble_project


def main() -> int:
    """Run ``dbt docs generate`` against the deployment's warehouse."""
    deployment = Deployment()
    project = assemble_project(deployment.settings).folder
    variables = dict(deployment.dbt_environment())
    command = [sys.executable, "-m", "dbt.cli.main", "--quiet", "docs", "generate", "--static"]
    code = subprocess.call(command, cwd=project, env={**os.environ, **variables})  # noqa: S603 - our own command
    embedded = deployment.warehouse.embedded
    if embedded is not None:
        embedded.stop_if_started_here()
    page = Path(variables["DBT_TARGET_PATH"]) / "static_index.html"
    sys.stdout.write(f"{page}\n" if code == 0 else "")
    return code


if __name__ == "__main__":
    sys.exit(main())
