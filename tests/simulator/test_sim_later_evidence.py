"""What was learnt of Omie later, each an option where the evidence disagrees."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.limits import Gate, Limits
from omie_pipeline.simulator.engine.server import Simulator
from tests.simulator.omie_caller import Api

CAIXA = 9100000001
DAY = date(2026, 1, 5)


def entry(code: str = "L-1", value: Any = 10, **details: Any) -> dict[str, Any]:
    head = {"nCodCC": CAIXA, "dDtLanc": "05/01/2026", "nValorLanc": value}
    return {"cCodIntLanc": code, "cabecalho": head, "detalhes": {"cTipo": "DIN", **details}}


def test_a_second_entry_under_a_code_is_the_first(sim: Simulator, api: Api) -> None:
    first = api.ok("IncluirLancCC", **entry())
    again = api.ok("IncluirLancCC", **entry(value=99))
    assert (again["nCodLanc"], again["cCodStatus"]) == (first["nCodLanc"], "0")
    other = api.ok("IncluirLancCC", **entry("L-2", -7))
    assert other["nCodLanc"] != first["nCodLanc"]
    assert sim.control.balance(CAIXA, DAY) - sim.control.balance(CAIXA, date(2026, 1, 4)) == 3
    listed = api.ok("ListarLancCC", nPagina=1)["listaLancamentos"]
    assert [one["diversos"]["cNatureza"] for one in listed] == ["R", "P"]


def test_an_entrys_value_is_a_number(api: Api) -> None:
    assert api.fault("IncluirLancCC", **entry(value="10"))[1] == "Client-3102"
    assert api.fault("IncluirLancCC", cCodIntLanc="L-3", cNatureza="P")[1] == "Client-5001"


@pytest.mark.parametrize("flag", [True, "S"])
def test_the_audit_of_movements_is_asked_for_by_true_as_well(api: Api, flag: object) -> None:
    api.ok("IncluirLancCC", **entry())
    (row,) = api.ok("ListarMovimentos", nPagina=1, lDadosCad=flag)["movimentos"]
    assert row["detalhes"]["dDtInc"] == "05/01/2026"


@pytest.mark.parametrize("path", ["/geral/clientes/", "geral//clientes//", "///geral/clientes/"])
def test_doubled_slashes_lead_to_the_same_service(api: Api, path: str) -> None:
    base = str(api.http.base_url).rstrip("/")
    assert api.post("ListarClientes", {"pagina": 1}, f"{base}/{path}").status_code == 500, "empty"


@pytest.mark.parametrize("status", [200, 403, 500])
def test_a_refused_key_comes_under_several_statuses(sim: Simulator, api: Api, status: int) -> None:
    sim.control.set_behaviour(refused_key_status=status)
    for key, secret in ((api.app_key, "outro"), ("42", "x"), ("", "")):
        caller = Api(api.http, key, secret)
        found, _, text = caller.fault("ListarCategorias", pagina=1)
        assert found == status
        assert "have de acesso" in text


def settled(sim: Simulator) -> None:
    rows = [
        {"codigo_lancamento_integracao": f"R-{n}", "valor_documento": 200,
         "data_vencimento": "05/01/2026", "codigo_categoria": "1.01.01"}
        for n in (1, 2, 3)
    ]  # fmt: skip
    keys = sim.control.seed("contas_receber", rows)
    sim.control.settle_batch("contas_receber", keys, account=CAIXA, day=DAY)


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("whole", [True, False])
def test_a_batch_settlement(sim: Simulator, api: Api, named: bool, whole: bool) -> None:
    sim.control.set_behaviour(batch_rows_name_settlement=named, batch_rows_carry_entry=whole)
    settled(sim)
    rows = [row["detalhes"] for row in api.ok("ListarMovimentos", nPagina=1)["movimentos"]]
    parts = [row for row in rows if row.get("nCodMovCC")]
    assert len(parts) == 3
    assert len({row["nCodMovCC"] for row in parts}) == 1
    assert [row["nValorMovCC"] for row in parts] == [600 if whole else 200] * 3
    assert all(("nCodBaixa" in row) is named for row in parts)
    (one,) = api.ok("ListarLancCC", nPagina=1)["listaLancamentos"]
    assert (one["nCodLanc"], one["cabecalho"]["nValorLanc"]) == (parts[0]["nCodMovCC"], 600)


def test_loose_entries_only(sim: Simulator, api: Api) -> None:
    settled(sim)
    sim.control.set_behaviour(loose_entries_only=True)
    assert api.fault("ListarLancCC", nPagina=1)[1] == "Client-5113"
    sim.control.lancar_em_conta(CAIXA, Decimal(5))
    assert len(api.ok("ListarLancCC", nPagina=1)["listaLancamentos"]) == 1


def test_an_abandoned_question_is_busy_and_its_third_asking_redundant() -> None:
    gate, lane = Gate(Limits(abandoned_lock_seconds=60, busy_by="question")), ("k", "ListarX")
    gate.enter(lane, True, 0.0, "one")
    gate.leave(lane, 0.0, abandoned=True)
    assert gate.enter(lane, True, 1.0, "two") == 1, "another question passes"
    codes = []
    for at in (3.0, 6.0):
        with pytest.raises(faults.SimulatedFaultError) as refused:
            gate.enter(lane, True, at, "one")
        codes.append(refused.value.code)
    assert codes == ["Client-1880", "Client-6"]
    assert gate.enter(lane, True, 61.0, "one") == 2
