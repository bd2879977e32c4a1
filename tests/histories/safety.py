"""What must hold after every run, whatever happened before it."""

from __future__ import annotations

from collections.abc import Collection

from omie_pipeline.push.report import PushReport
from tests.histories.company import Company, Truth

LIVING = ("processing", "authorised")


def check_doubles(company: Company, truth: Truth, billed_by_person: Collection[str]) -> None:
    """Nothing stands twice in Omie, and no settlement is of a value the clinic never said."""
    for records in (truth.clientes, truth.servicos, truth.titles, truth.orders):
        twice = [code for code, found in records.items() if code and len(found) > 1]
        assert not twice, f"twice in Omie: {twice}"
    for code, notes in truth.notes.items():
        living = [note for note in notes if note.state in LIVING]
        assert len(living) <= 1 or code in billed_by_person, f"{code} has {living}"
    for code, found in truth.settlements.items():
        assert len(found) == 1, f"settled twice: {code}"
        said = company.clinic.said.get(code, set())
        assert int(found[0]["valor"]) in said, f"{code}: {found[0]['valor']} was never said"
    names = truth.categories.get(company.clinic.category, [])
    assert len(names) <= 1, f"category twice: {names}"


def check_delivered(company: Company, truth: Truth, report: PushReport) -> None:
    """What the ledger took from this run stands in Omie now."""
    for endpoint, code, state, omie_id, omie_code, *_ in company.ledger_rows(report.run_id):
        if state == "confirmed":
            assert stands(truth, endpoint, code, omie_id, omie_code), (endpoint, code, omie_id)
        elif state == "deleted":
            assert not stands(truth, endpoint, code, None, None), (endpoint, code)


def stands(
    truth: Truth, endpoint: str, code: str, omie_id: int | None, omie_code: str | None
) -> bool:
    """Whether Omie holds what a confirmed row of the ledger means, under that id."""
    if endpoint == "estornar_baixas_receber":
        return code not in truth.settlements
    if endpoint == "categorias":
        return any(omie_code in codes for codes in truth.categories.values())
    if endpoint == "faturar_os":
        return any(note.state != "rejected" for note in truth.notes.get(code, ()))
    ids = ids_of(truth, endpoint, code)
    return bool(ids) and (omie_id is None or omie_id in ids)


def ids_of(truth: Truth, endpoint: str, code: str) -> list[int]:
    """Omie's ids of what stands under a code."""
    match endpoint:
        case "clientes":
            return [one["codigo_cliente_omie"] for one in truth.clientes.get(code, [])]
        case "servicos":
            return [one["intListar"]["nCodServ"] for one in truth.servicos.get(code, [])]
        case "contas_receber":
            return [one["codigo_lancamento_omie"] for one in truth.titles.get(code, [])]
        case "baixas_receber":
            return [one["codigo_baixa"] for one in truth.settlements.get(code, [])]
        case _:
            return [one["Cabecalho"]["nCodOS"] for one in truth.orders.get(code, [])]
