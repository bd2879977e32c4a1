"""The clinic's copy without a door: order, and what a table or a clinic that fails stops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dbt.cli.main
import pytest
from pydantic import SecretStr

from omie_pipeline.app.build import BuildListener, BuildRequest, build
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.clinic.failures import SourceUnreachable
from tests.app.conftest import Deployed
from tests.cli.conftest import Dbt

SOURCES = """
sources:
  - name: minha
    schema: clinic_raw
    tables:
      - name: lancamentos
        meta: {grain: fact, key: [num], business_date: dia, empresa: unidade}
      - name: pacientes
        meta: {grain: register, key: [id], updated_at: alterado_em, empresa: unidade}
"""
BOTH = ("norte", "sul")
Clinic = Callable[..., Deployment]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[Dbt]:
    fake = type("Fake", (Dbt,), {})
    monkeypatch.setattr(dbt.cli.main, "dbtRunner", fake)
    return fake


@pytest.fixture
def clinic(deployed: Deployed, stand_in: type[Dbt], tmp_path: Path) -> Clinic:
    """``clinic(pacientes_csv, lancamentos_csv)``: a deployment that copies these two."""
    staging = tmp_path / "modelos" / "staging" / "minha"
    staging.mkdir(parents=True)
    (staging / "_sources.yml").write_text(SOURCES)
    folder = tmp_path / "clinica"
    folder.mkdir()

    def made(pacientes: str, lancamentos: str, url: str = "") -> Deployment:
        (folder / "pacientes.csv").write_text(pacientes)
        (folder / "lancamentos.csv").write_text(lancamentos)
        settings = {
            "staging": "minha",
            "models": tmp_path / "modelos",
            "clinic_url": SecretStr(url or str(folder)),
        }
        return deployed(settings=settings)

    return made


PATIENTS = "id;nome;alterado_em;unidade\n1;Ana;2026-01-05;sul\n2;Rui;2026-01-05;norte\n"
BROKEN = 'num;dia;valor;unidade\n1;2026-01-05;"1,00;sul\n'


def test_a_refused_table_stops_no_other_and_dbt_builds_with_the_rest(
    clinic: Clinic, stand_in: type[Dbt]
) -> None:
    told: list[tuple[str, str]] = []
    listener = BuildListener(on_copy=lambda table, empresa: told.append((empresa, table)))
    result = build(clinic(PATIENTS, BROKEN), BuildRequest(BOTH), listener)
    assert told == [(copy.empresa, copy.table) for copy in result.copies]
    assert [
        (copy.empresa, copy.table, copy.result.inserted if copy.result else None)
        for copy in result.copies
    ] == [
        ("norte", "lancamentos", None),
        ("norte", "pacientes", 1),
        ("sul", "lancamentos", None),
        ("sul", "pacientes", 1),
    ]
    assert stand_in.asked
    assert result.dbt is not None
    assert (result.dbt.succeeded, result.succeeded) == (True, False)


def test_nothing_copied_is_nothing_to_build(clinic: Clinic, stand_in: type[Dbt]) -> None:
    result = build(clinic('id;nome\n1;"Ana\n', BROKEN), BuildRequest(("sul",)))
    assert (result.dbt, result.succeeded, stand_in.asked) == (None, False, ())
    assert all(copy.error for copy in result.copies)


def test_a_clinic_that_is_gone_stops_everything(clinic: Clinic, stand_in: type[Dbt]) -> None:
    gone = clinic(PATIENTS, BROKEN, "postgresql://medico@127.0.0.1:1/clinica")
    with pytest.raises(SourceUnreachable):
        build(gone, BuildRequest(BOTH))
    assert stand_in.asked == ()
