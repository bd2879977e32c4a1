"""Ids that change form at the source must not make their records a second time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import GuardrailStopped
from omie_pipeline.payload import Selection
from omie_pipeline.postgres.tables import ledger
from omie_pipeline.push.ledger import likeness_of, plain_form
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.push.renamed_codes import same_codes
from tests.effects import rows
from tests.effects.rows import model, push, quarantined, settle_down
from tests.push.world import EMPRESA, World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

KEY = "codigo_lancamento_integracao"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("REC-701", "REC-701.0"),
        ("REC-701", "REC-701,00"),
        ("REC-701", "REC-00701"),
        ("REC-701", "REC- 701 "),
        ("REC-A7f", "rec-a7F"),
        ("REC-12/2026", "REC-12-2026"),
        ("REC-701-2", "REC-701.0-2"),
        ("PAC-3", "PAC-003"),
        ("PAC-{3F2A-11}", "PAC-3f2a-11"),
    ],
)
def test_one_code_written_in_two_ways(old: str, new: str) -> None:
    assert plain_form(old) == plain_form(new)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("REC-1-12", "REC-11-2"),
        ("REC-501-1", "REC-5011"),
        ("REC-70", "REC-700"),
        ("REC-1.5", "REC-15"),
        ("PAC-3", "PRO-3"),
    ],
)
def test_two_codes_stay_two(one: str, other: str) -> None:
    assert plain_form(one) != plain_form(other)


def test_a_likeness_is_of_content_whatever_its_form() -> None:
    endpoint = REGISTRY["contas_receber"]
    base: dict[str, Any] = {
        KEY: "REC-1", "codigo_cliente_fornecedor_integracao": "PAC-7",
        "valor_documento": Decimal("72.00"), "data_vencimento": "2026-02-05",
    }  # fmt: skip
    same = {**base, KEY: "x", "codigo_cliente_fornecedor_integracao": "PAC-007",
            "valor_documento": 72}  # fmt: skip
    assert likeness_of(endpoint, base) == likeness_of(endpoint, same)
    for change in ({"valor_documento": Decimal("72.01")}, {"data_vencimento": "2026-02-06"}):
        assert likeness_of(endpoint, base) != likeness_of(endpoint, {**base, **change})
    assert likeness_of(endpoint, {KEY: "REC-1"}) == ""


def receipts(*codes: str, **changes: Any) -> list[dict[str, Any]]:
    """Títulos of different values under these codes."""
    return [
        titulo(1, **{KEY: code, "valor_documento": Decimal(70 + number), **changes})
        for number, code in enumerate(codes)
    ]


@pytest.mark.slow
def test_three_ids_that_became_decimals_stop_the_push(world: World) -> None:
    rows.with_title(world, *receipts("REC-701", "REC-702", "REC-703"))
    world.model("contas_receber", receipts("REC-701.0", "REC-702.0", "REC-703.0"))
    for _ in range(2):
        with pytest.raises(GuardrailStopped, match=r"mudaram de forma.*REC-701 → REC-701\.0"):
            push(world, "contas_receber")
        assert world.writes() == []
    dry = world.push("contas_receber", dry_run=True)
    assert "mudaram de forma" in dry.would_stop[0]
    # The old form is back: nothing to send.
    world.model("contas_receber", receipts("REC-701", "REC-702", "REC-703"))
    assert push(world, "contas_receber").total.unchanged == 3


def test_approved_they_are_records_of_their_own_and_duplicates_shows_them(world: World) -> None:
    rows.with_title(world, *receipts("REC-701", "REC-702", "REC-703"))
    world.model("contas_receber", receipts("REC-701.0", "REC-702.0", "REC-703.0"))
    assert push(world, "contas_receber", approve=True).total.created == 3
    found = same_codes(world.engine, [EMPRESA])
    assert [one.codes for one in found] == [
        (f"REC-{number}", f"REC-{number}.0") for number in (701, 702, 703)
    ]


@pytest.mark.parametrize("stays", [False, True])
def test_one_row_is_quarantined_and_the_others_go(world: World, stays: bool) -> None:
    """Whether the old row is still there or not."""
    rows.with_title(world, *receipts("REC-701", "REC-702"))
    kept = receipts("REC-701", "REC-702") if stays else receipts("REC-702", valor_documento=71)
    again = receipts("REC-0701")
    other = receipts("REC-800", valor_documento=Decimal(999))
    world.model("contas_receber", [*kept, *again, *other])
    report = push(world, "contas_receber")
    assert (report.total.quarantined, report.total.created) == (1, 1)
    (reason,) = quarantined(world, "contas_receber")["REC-0701"]
    assert reason["rule"] == "codigo_mudou_de_forma"
    assert "REC-701," in reason["reason"]
    assert "--key REC-0701 --approve" in reason["fix"]
    settle_down(world)
    one = Selection(EMPRESA, key="REC-0701")
    assert push(world, "contas_receber", selection=one, approve=True).total.created == 1


def test_another_record_under_a_like_code_goes(world: World) -> None:
    rows.with_title(world, *receipts("REC-701"))
    world.model("contas_receber", [*receipts("REC-701"), *receipts("REC-0701", valor_documento=9)])
    assert push(world, "contas_receber").total.created == 1


def test_patients_whose_zeros_came_back(world: World) -> None:
    world.confirmed(1, 2, 3)
    moved = [cliente(n, codigo_cliente_integracao=f"PAC-00{n}") for n in (1, 2, 3)]
    world.model("clientes", moved)
    with pytest.raises(GuardrailStopped, match="PAC-1 → PAC-001"):
        world.push()
    assert world.writes() == []


def test_payments_whose_ids_changed_form(world: World) -> None:
    rows.with_settled_title(world, rows.baixa(1, "50.00"))
    again = {**rows.baixa(1, "50.00"), "codigo_baixa_integracao": "BXR-1.0"}
    model(world, "baixas_receber", again)
    assert push(world, "baixas_receber").total.quarantined == 1
    assert len(world.control.settlements("REC-1")) == 1


def test_quite_other_ids_for_the_same_sales_stop_too(world: World) -> None:
    """A new system numbers its rows anew."""
    old = [f"REC-{number}" for number in range(1, 7)]
    rows.with_title(world, *receipts(*old))
    world.model("contas_receber", receipts(*(f"REC-u{number}x" for number in range(1, 7))))
    with pytest.raises(GuardrailStopped, match="6 registros que o Omie já tem"):
        push(world, "contas_receber")


def test_the_same_sale_every_month_is_no_accident(world: World) -> None:
    """Equal content beside rows that are still there is another sale."""
    old = receipts(*(f"REC-{number}" for number in range(1, 7)))
    rows.with_title(world, *old)
    world.model("contas_receber", [*old, *receipts(*(f"REC-{n}" for n in range(11, 17)))])
    assert push(world, "contas_receber").total.created == 6


def test_what_was_delivered_before_likenesses_were_kept(world: World) -> None:
    rows.with_title(world, *receipts("REC-701", "REC-702", "REC-703"))
    with world.engine.begin() as connection:
        connection.execute(sa.update(ledger).values(likeness=None))
    world.model("contas_receber", receipts("REC-701.0", "REC-702.0", "REC-703.0"))
    with pytest.raises(GuardrailStopped, match="mudaram de forma"):
        push(world, "contas_receber")


def test_by_date_the_old_rows_of_other_days_count_too(world: World) -> None:
    rows.with_title(world, *receipts("REC-701", "REC-702", "REC-703"))
    moved = receipts("REC-701.0", "REC-702.0", "REC-703.0", data_particao=date(2026, 1, 6))
    world.model("contas_receber", moved)
    day = Selection(EMPRESA, date(2026, 1, 6), date(2026, 1, 6))
    with pytest.raises(GuardrailStopped, match="mudaram de forma"):
        push(world, "contas_receber", selection=day)


def test_the_limit_is_the_policys(world: World) -> None:
    rows.with_title(world, *receipts("REC-701"))
    world.model("contas_receber", receipts("REC-701.0"))
    policy = EndpointPolicy(guardrails=Guardrails(max_changed_codes=0))
    with pytest.raises(GuardrailStopped, match="mudaram de forma"):
        push(world, "contas_receber", policy=policy)
