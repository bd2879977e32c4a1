"""List after list without a door: what comes first, how it is read, and what a stop leaves out."""

from __future__ import annotations

from omie_pipeline.app.import_all import (
    ImportAllRequest,
    ImportListener,
    import_all,
    usual_mode,
)
from omie_pipeline.errors import AuthFailed
from tests.app.conftest import Deployed
from tests.push.world import World


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
