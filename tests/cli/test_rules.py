"""The clinic's rules: set per empresa in the YAML, listed by ``rules``, followed by a push."""

from __future__ import annotations

from pathlib import Path

import pytest

from omie_pipeline.config.empresas import PipelineConfig
from omie_pipeline.validation import ClinicRules
from omie_pipeline.validation.clinic_rules import CLINIC_RULES
from tests.cli.conftest import Terminal

TWO = """
empresas:
  - {nome: sul, app_key_env: SUL_KEY, app_secret_env: SUL_SECRET, rules: {require_rg: false}}
  - {nome: norte, app_key_env: NORTE_KEY, app_secret_env: NORTE_SECRET}
rules:
  require_rg: true
  require_address: false
  latest_year: 2040
"""


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "empresas.yaml"
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(file))
    return file


def test_every_rule_is_listed_with_its_value_its_source_and_its_meaning(
    terminal: Terminal, config: Path
) -> None:
    config.write_text(TWO)
    told = {(line["empresa"], line["rule"]): line for line in terminal("rules", "--json").lines}
    assert {rule for _, rule in told} == set(ClinicRules.model_fields)
    sul, norte = told["sul", "require_rg"], told["norte", "require_rg"]
    assert (sul["value"], sul["source"]) == (False, "empresa")
    assert (norte["value"], norte["source"]) == (True, "file")
    assert told["sul", "require_address"]["value"] is False
    assert told["sul", "latest_year"]["value"] == 2040
    category = told["norte", "require_category"]
    assert (category["value"], category["source"]) == (True, "default")
    assert all(line["meaning"] for line in told.values())


def test_the_list_is_readable_and_may_be_of_one_empresa(terminal: Terminal, config: Path) -> None:
    config.write_text(TWO)
    said = terminal("rules", "--empresa", "sul")
    assert said.code == 0
    assert "Empresa sul" in said.out
    assert "norte" not in said.out
    lines = [line for line in said.out.splitlines() if " require_rg " in line]
    assert "desligada" in lines[0]
    assert "rules da empresa" in lines[0]


def test_a_file_of_rules_alone_is_that_of_the_only_empresa(
    terminal: Terminal, config: Path
) -> None:
    config.write_text("rules: {require_document: false}")
    (line,) = [
        one for one in terminal("rules", "--json").lines if one["rule"] == "require_document"
    ]
    assert (line["empresa"], line["value"], line["source"]) == ("principal", False, "file")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules: {require_gr: false}", "você quis dizer require_rg?"),
        ("rules: {azul: false}", "regra desconhecida: azul (existem: require_document"),
        ("rules: {require_rg: talvez}", "rules.require_rg: deve ser true ou false"),
        ("rules: {latest_year: nunca}", "rules.latest_year: deve ser um número inteiro"),
        (TWO.replace("require_rg: false", "requirerg: false"), "quis dizer require_rg?"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_one_that_was_meant(
    terminal: Terminal, config: Path, text: str, told: str
) -> None:
    config.write_text(text)
    said = terminal("rules")
    assert said.code == 1
    assert told in said.err


def test_every_rule_has_its_meaning_and_can_be_set() -> None:
    assert list(CLINIC_RULES) == list(ClinicRules.model_fields)
    for name, default in ClinicRules().model_dump().items():
        other = (not default) if isinstance(default, bool) else default - 1
        chosen = PipelineConfig.model_validate({"rules": {name: other}})
        assert getattr(chosen.rules_of("principal"), name) == other
