"""The wheel, installed into an environment that has no checkout, works in an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from omie_pipeline.config.settings import project_root
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import running_simulator
from sample.generator.generate import write_sample
from tests.conftest import OWN_VARIABLES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    words = ["wheel", "--no-deps", "--no-build-isolation", "--quiet", "-w", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", *words, str(project_root())], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``omie-pipeline`` of an environment with the wheel, and the dependencies of this one."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    words = ["--python", str(python), "install", "--no-deps", "--quiet", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    packages = next(folder.glob("lib/*/site-packages"))
    # A line of a .pth adds the folder alone: the editable install in it is not followed.
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    dbt = Path(sys.executable).with_name("dbt").read_text(encoding="utf-8").splitlines(True)
    (folder / "bin" / "dbt").write_text("".join([f"#!{python}\n", *dbt[1:]]), encoding="utf-8")
    (folder / "bin" / "dbt").chmod(0o755)
    return folder / "bin" / "omie-pipeline"


def run(command: Path, folder: Path, *words: str, **variables: str) -> str:
    """What the command says in ``folder``; it has to end well."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(OWN_VARIABLES)}
    done = subprocess.run(
        [command, *words],
        cwd=folder,
        env={**kept, "OMIE_PIPELINE_MODELS": str(folder / "my_models"), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_holds_the_product_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0].partition("-0.")[0] for name in names}
    assert tops == {"omie_pipeline", "dbt_mapping"}
    assert "dbt_mapping/dbt_project.yml" in names
    assert any(name.endswith("/sql/reading.sql") for name in names)
    assert any(name.endswith("/versions/initial.sql") for name in names)


def test_help_and_version(command: Path, tmp_path: Path) -> None:
    assert "simulator" in run(command, tmp_path, "--help")
    assert run(command, tmp_path, "--version").strip()
    assert "--port" in run(command, tmp_path, "simulator", "--help")


def test_check_build_and_push_in_an_empty_folder(
    command: Path, tmp_path: Path, database_url: str
) -> None:
    clinic = tmp_path / "clinica"
    write_sample(12, 0.0, 7, str(clinic))
    folder = tmp_path / "vazia"
    folder.mkdir()
    with running_simulator(limits=Limits.off()) as simulator:
        variables = {
            "OMIE_APP_KEY": simulator.app_key,
            "OMIE_APP_SECRET": simulator.app_secret,
            "OMIE_BASE_URL": simulator.base_url,
            "OMIE_CALLS_PER_MINUTE": "60000",
            "OMIE_CALLS_PER_MINUTE_IP": "240000",
            "WAREHOUSE_URL": database_url,
            "CLINIC_URL": str(clinic),
        }
        run(command, folder, "check", **variables)
        run(command, folder, "build", **variables)
        pushed = json.loads(run(command, folder, "push", "clientes", "--json", **variables))
        assert pushed["delivered"] == pushed["selected"] > 0
