"""What holds the project's own files together: lock, notice, set-up."""

from __future__ import annotations

import re
import tomllib

import yaml

from omie_pipeline.cli import dev
from omie_pipeline.config.settings import project_root

ROOT = project_root()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK = (ROOT / "requirements.lock").read_text("utf-8")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_is_locked_with_a_hash() -> None:
    project = PROJECT["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {_plain(re.split(r"[^A-Za-z0-9_.-]", text)[0]) for text in wanted}
    entries = re.findall(
        r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==[^\\]+\\\n    --hash=sha256:", LOCK, re.MULTILINE
    )
    assert names - {_plain(name) for name in entries} == set()


def test_exact_versions_of_the_project_are_those_of_the_lock() -> None:
    for text in PROJECT["project"]["dependencies"]:
        if "==" in text:
            name, version = text.split("==")
            assert re.search(rf"^{re.escape(name)}=={re.escape(version)} ", LOCK, re.MULTILINE), (
                text
            )


def test_the_lock_names_no_address() -> None:
    assert "://" not in LOCK
    assert "index-url" not in LOCK


def test_workspace_and_project_name_the_same_code_location() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text("utf-8"))
    module = workspace["load_from"][0]["python_module"]
    project = PROJECT["tool"]["dg"]["project"]
    assert module["module_name"] == project["code_location_target_module"]
    assert module["location_name"] == project["code_location_name"]
    assert (module["module_name"], module["location_name"]) == (dev.DEFINITIONS, dev.LOCATION)


def test_ci_ends_with_the_two_commands_of_the_readme() -> None:
    commands = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert commands[-2:] == ["make test </dev/null", "make test-slow </dev/null"]


def test_the_workflow_runs_what_ci_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text("utf-8"))
    (job,) = workflow["jobs"].values()
    assert job["steps"][-1]["run"] == ".ci/run"


def test_hooks_before_a_commit_are_those_of_make_lint() -> None:
    rules = (ROOT / "Makefile").read_text("utf-8").split("\nlint:")[1].split("\n\n")[0]
    linted = re.findall(r"\$\(BIN\)/([\w-]+(?: check| format)?)", rules)
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    (local,) = hooks["repos"]
    entries = [hook["entry"].removeprefix(".venv/bin/") for hook in local["hooks"]]
    assert [entry.split(" --")[0] for entry in entries] == linted


def test_issue_forms_have_what_their_host_asks_of_them() -> None:
    forms = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    assert len(forms) == 4
    for form in forms:
        content = yaml.safe_load(form.read_text("utf-8"))
        if form.name == "config.yml":
            continue
        assert {"name", "description", "body"} <= set(content)
        ids = [field["id"] for field in content["body"] if field["type"] != "markdown"]
        assert len(ids) == len(set(ids)) > 0
