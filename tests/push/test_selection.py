"""Which rows a run looks at, what it forgets, and that its report tells the truth."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import ModelError
from omie_pipeline.payload import Selection
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.push.accept_all import INVALID
from tests.push.world import CLIENTE_COLUMNS, EMPRESA, TITULO_COLUMNS, World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")
RETRY = Selection(EMPRESA, unfinished_only=True)


def day(first: int, last: int) -> Selection:
    return Selection(EMPRESA, date(2026, 1, first), date(2026, 1, last))


def on(number: int, day_of_january: int) -> dict[str, object]:
    return titulo(number, data_particao=date(2026, 1, day_of_january))


def test_one_key(world: World) -> None:
    world.model("clientes", [cliente(1), cliente(2)])
    report = world.push(selection=Selection(EMPRESA, key="PAC-2"))
    assert (report.total.selected, report.total.created) == (1, 1)
    assert report.closes
    assert set(world.held_by_omie()) == {"PAC-2"}


def test_a_range_of_days_counts_each_partition(world: World) -> None:
    world.confirmed(1)
    world.read_references()
    world.model("contas_receber", [on(1, 4), on(2, 5), on(3, 6), on(4, 6), on(5, 7)])
    report = world.push("contas_receber", selection=day(5, 6))
    assert [(c.partition, c.created, c.calls) for c in report.partitions] == [
        ("2026-01-05", 1, 1),
        ("2026-01-06", 2, 2),
    ]
    assert report.closes


def test_rows_of_another_empresa_are_not_ours(world: World) -> None:
    world.model("clientes", [cliente(1), cliente(2, empresa="outra")])
    assert world.push().total.selected == 1


def test_retry_takes_rejected_and_held_rows_only(world: World) -> None:
    world.confirmed(1)
    world.control.next_faults(
        PlannedFault("fault_in_200", integration_code="PAC-2"),
        PlannedFault("blocked_425", integration_code="PAC-4", seconds=60),
    )
    others = [cliente(2), cliente(3, razao_social=INVALID), cliente(4)]
    world.model("clientes", [cliente(1), *others])
    world.push()
    world.clock.sleep(120)
    world.model("clientes", [cliente(1, bairro="B"), *others])
    report = world.push(selection=RETRY)
    assert (report.total.selected, report.total.created) == (2, 2)
    assert report.closes
    assert world.rows("SELECT count(*) FROM omie_sync.rejected") == [(0,)]
    assert world.rows("SELECT count(*) FROM omie_sync.quarantine") == [(1,)]
    assert world.push(selection=RETRY).total.selected == 0


def test_rows_that_left_the_clinic_leave_our_lists(world: World) -> None:
    world.confirmed(1)
    world.control.next_faults(
        PlannedFault("fault_in_200", integration_code="PAC-1"),
        PlannedFault("fault_in_200", integration_code="PAC-2"),
        PlannedFault("blocked_425", integration_code="PAC-3", seconds=60),
    )
    changed = cliente(1, bairro="B")
    world.model("clientes", [changed, cliente(2), cliente(3), cliente(4, razao_social=INVALID)])
    report = world.push()
    assert (report.total.rejected, report.total.held, report.total.quarantined) == (2, 1, 1)
    world.clock.sleep(120)
    world.model("clientes", [])
    report = world.push()
    assert report.closes
    assert world.ledger() == {"PAC-1": "confirmed"}
    for table in ("rejected", "quarantine"):
        assert world.rows(f"SELECT count(*) FROM omie_sync.{table}") == [(0,)]


def test_a_rejected_change_that_is_taken_back(world: World) -> None:
    world.confirmed(1)
    world.control.next_faults("fault_in_200")
    world.model("clientes", [cliente(1, bairro="B")])
    assert world.push().total.rejected == 1
    world.model("clientes", [cliente(1)])
    report = world.push()
    assert report.total.rejected == report.total.held == 0
    assert report.closes
    assert world.rows("SELECT count(*) FROM omie_sync.rejected") == [(0,)]


def test_a_quarantined_row_that_moves_to_another_day(world: World) -> None:
    world.confirmed(1)
    world.read_references()
    world.model("contas_receber", [titulo(1), titulo(1), on(2, 5)])
    assert world.push("contas_receber", selection=day(5, 5)).total.quarantined == 2
    world.model("contas_receber", [on(1, 6), on(2, 5)])
    report = world.push("contas_receber", selection=day(6, 6))
    assert report.total.created == 1
    assert report.closes
    assert world.rows("SELECT count(*) FROM omie_sync.quarantine") == [(0,)]


def test_deleted_by_a_person_then_changed_at_the_clinic(world: World) -> None:
    world.confirmed(1)
    old = world.held_by_omie()["PAC-1"]["codigo_cliente_omie"]
    world.control.delete("clientes", "PAC-1")
    assert world.push().total.unchanged == 1, "nobody told us"
    world.model("clientes", [cliente(1, bairro="B")])
    report = world.push()
    assert report.total.created == 1
    new = world.held_by_omie()["PAC-1"]["codigo_cliente_omie"]
    assert new != old
    assert world.rows("SELECT omie_id FROM omie_sync.ledger") == [(new,)]


def test_the_check_turns_red_when_the_ledger_was_touched(world: World) -> None:
    world.confirmed(1, 2)
    assert world.push().closes
    model = [cliente(1), cliente(2)]
    world.model("clientes", model)
    trigger = """
        CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.codigo_integracao = 'PAC-3' THEN RETURN NULL; END IF; RETURN NEW; END $$;
        CREATE TRIGGER lose BEFORE INSERT ON omie_sync.ledger FOR EACH ROW EXECUTE FUNCTION lose()
    """
    with world.engine.begin() as connection:
        connection.execute(sa.text(trigger))
    world.model("clientes", [*model, cliente(3)])
    report = world.push()
    assert report.total.created == 1
    assert not report.closes, "a row reported as delivered that the ledger does not have"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"drop": "codigo_cliente_integracao"}, "falta a chave codigo_cliente_integracao"),
        ({"drop": "empresa"}, "falta a coluna empresa"),
        ({"add": "apelido"}, "apelido não é campo de"),
    ],
)
def test_a_wrong_model_is_named_before_any_call(
    world: World, change: dict[str, str], told: str
) -> None:
    columns = {name: kind for name, kind in CLIENTE_COLUMNS.items() if name != change.get("drop")}
    if "add" in change:
        columns[change["add"]] = sa.Text
    world.model("clientes", [cliente(1)], columns)
    with pytest.raises(ModelError, match=told):
        world.push()
    assert world.control.calls() == ()
    assert world.rows("SELECT count(*) FROM omie_sync.run") == [(0,)]


def test_a_missing_model_is_named_before_any_call(world: World) -> None:
    with pytest.raises(ModelError, match=r"omie_payload\.omie_clientes não existe"):
        world.push()
    assert world.control.calls() == ()


def test_a_fact_needs_its_business_date(world: World) -> None:
    columns = {name: kind for name, kind in TITULO_COLUMNS.items() if name != "data_particao"}
    world.model("contas_receber", [titulo(1)], columns)
    with pytest.raises(ModelError, match="falta a coluna data_particao"):
        world.push("contas_receber")


def test_a_resumption_takes_held_rows_and_leaves_refused_ones_alone(world: World) -> None:
    world.control.seed("clientes", [{"cnpj_cpf": cliente(1)["cnpj_cpf"], "razao_social": "Outro"}])
    world.control.next_faults(PlannedFault("blocked_425", integration_code="PAC-3", seconds=60))
    world.model("clientes", [cliente(1), cliente(2), cliente(3)])
    first = world.push()
    assert (first.total.created, first.total.rejected, first.total.held) == (1, 1, 1)

    world.clock.sleep(120)
    world.control.clear_calls()
    report = world.push(selection=Selection(EMPRESA, held_only=True))
    assert (report.total.selected, report.total.created) == (1, 1)
    assert report.closes
    assert len(world.control.calls()) == 1
    assert world.ledger() == {"PAC-1": "rejected", "PAC-2": "confirmed", "PAC-3": "confirmed"}
