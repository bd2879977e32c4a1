"""List after list without a door: what comes first, how it is read, and what a stop leaves out."""

from __future__ import annotations

from datetime import datetime

import pytest

from omie_pipeline.app.import_all import (
    ImportAllRequest,
    ImportListener,
    import_all,
    lists_not_due,
    most_frequent,
    usual_mode,
)
from omie_pipeline.errors import AuthFailed
from tests.app.conftest import Deployed
from tests.push.world import World


@pytest.mark.slow
def test_a_refused_key_leaves_out_the_rest_of_its_empresa_and_no_other(
    world: World, deployed: Deployed
) -> None:
    request = ImportAllRequest(("norte", "sul"), ("categorias", "projetos"))
    results = list(import_all(deployed(), request))
    assert [(result.empresa, result.table, result.state) for result in results] == [
        ("norte", "categorias", "failed"),
        ("norte", "projetos", "not_read"),
        ("sul", "categorias", "done"),
        ("sul", "projetos", "done"),
    ]
    assert isinstance(results[0].error, AuthFailed)
    assert (results[0].ends_empresa, results[0].left_out) == (True, ("projetos",))


def test_the_statement_has_the_accounts_read_first_unless_they_were(
    world: World, deployed: Deployed
) -> None:
    deployment, needed = deployed(), []
    listener = ImportListener(on_needed=lambda *names: needed.append(names))
    request = ImportAllRequest(("sul",), ("extrato",))
    first = [result.table for result in import_all(deployment, request, listener)]
    world.clock.sleep(120)
    again = [result.table for result in import_all(deployment, request, listener)]
    assert (first, again) == (["contas_correntes", "extrato"], ["extrato"])
    assert needed == [("extrato", "sul", "contas_correntes")]


def test_what_was_read_once_is_asked_for_its_changes(world: World, deployed: Deployed) -> None:
    deployment = deployed()
    assert usual_mode(deployment, "sul", "clientes") == "full"
    (result,) = import_all(deployment, ImportAllRequest(("sul",), ("clientes",)))
    assert result.report is not None
    assert result.report.mode == "full"
    assert usual_mode(deployment, "sul", "clientes") == "incremental"


def test_a_list_is_left_out_by_the_schedule_of_its_empresa(deployed: Deployed) -> None:
    agenda = "    importar: {agenda: {clientes: daily, projetos: manual}}"
    deployment = deployed(agenda)
    sul, settings = deployment.config.empresa("sul"), deployment.settings
    midnight, later = (datetime(2026, 1, 5, hour, tzinfo=settings.zone) for hour in (0, 6))
    assert lists_not_due("register", sul, settings, midnight) == {"projetos"}
    assert lists_not_due("register", sul, settings, later) == {"clientes", "projetos"}
    assert lists_not_due("register", sul, settings, None) == {"projetos"}
    assert most_frequent(deployment.config, settings) == "6h"
