"""One truth, four views: mf, pesquisartitulos, account entries and the statement agree."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from tests.local_http import NO_TLS
from tests.simulator.omie_caller import START, Api, titulo

CAIXA, ITAU = 9100000001, 9100000002
ACCOUNTS = (CAIXA, ITAU, 9100000003)
CENT = Decimal("0.01")


def everything(api: Api, method: str, array: str, **asked: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    page = 0
    while True:
        page += 1
        answer = api.ok(method, nPagina=page, nRegPorPagina=7, **asked)
        rows += answer[array]
        if page >= answer["nTotPaginas"]:
            assert len(rows) == answer["nTotRegistros"]
            return rows


def movements(api: Api, **asked: Any) -> list[dict[str, Any]]:
    return everything(api, "ListarMovimentos", "movimentos", **asked)


def a_busy_quarter(sim: Simulator, api: Api, seed: int) -> None:
    """Random títulos, settlements, undone ones, entries and transfers of 90 days."""
    chance = random.Random(seed)
    api.cliente(cnpj_cpf="52998224725")
    control = sim.control
    for number in range(30):
        value = float(Decimal(chance.randrange(1_000, 90_000)) / 100)
        receives = chance.random() < 0.6
        make, endpoint = (
            (api.receber, "contas_receber") if receives else (api.pagar, "contas_pagar")
        )
        omie_id = make(f"T-{number}", valor_documento=value, id_conta_corrente=CAIXA)
        for _ in range(chance.choice((0, 1, 1, 2))):
            settlement = control.settle(
                endpoint,
                omie_id,
                value=Decimal(chance.randrange(100, 400)) / 100,
                discount=chance.choice((Decimal(0), CENT * 37)),
                interest=chance.choice((Decimal(0), CENT * 111)),
                fine=chance.choice((Decimal(0), CENT * 3)),
                account=chance.choice((None, *ACCOUNTS)),
                day=date(2026, 1, 5) + timedelta(days=chance.randrange(90)),
            )
            if chance.random() < 0.2:
                control.undo_settlement(settlement)
        control.advance(3600)
    for _ in range(12):
        day = date(2026, 1, 5) + timedelta(days=chance.randrange(90))
        cents = CENT * chance.randrange(1, 50_000)
        control.lancar_em_conta(chance.choice(ACCOUNTS), chance.choice((1, -1)) * cents, day=day)
        source, target = chance.sample(ACCOUNTS, 2)
        control.transferir(source, target, cents, day=day)


def money_once(rows: list[dict[str, Any]]) -> dict[int, Decimal]:
    """By account, each movement once: settlements and account rows, títulos never."""
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for row in rows:
        details = row["detalhes"]
        if details["cGrupo"].startswith("CONTA_CORRENTE"):
            sign = 1 if details["cGrupo"].endswith("REC") else -1
            sums[details["nCodCC"]] += sign * details["nValorMovCC"]
            assert row["resumo"]["nValPago"] == details["nValorMovCC"]
    return sums


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_view_adds_up_to_the_cent(sim: Simulator, api: Api, seed: int) -> None:
    a_busy_quarter(sim, api, seed)
    by_movements = money_once(movements(api))
    by_entries: dict[int, Decimal] = defaultdict(Decimal)
    for entry in everything(api, "ListarLancCC", "listaLancamentos"):
        sign = 1 if entry["diversos"]["cNatureza"] == "R" else -1
        by_entries[entry["cabecalho"]["nCodCC"]] += sign * entry["cabecalho"]["nValorLanc"]
    period = {"dPeriodoInicial": "01/01/2026", "dPeriodoFinal": "31/12/2026"}
    for account in ACCOUNTS:
        statement = api.ok("ListarExtrato", nCodCC=account, **period)
        delta = statement["nSaldoAtual"] - statement["nSaldoAnterior"]
        assert delta == by_movements[account] == by_entries[account]
        assert statement["nSaldoAtual"] == sim.control.balance(account, date(2026, 12, 31))
        lines = statement["listaMovimentos"][1:]
        assert sum(line["nValorDocumento"] for line in lines) == delta
        assert not lines or lines[-1]["nSaldo"] == statement["nSaldoAtual"]


def test_months_of_a_statement_join(sim: Simulator, api: Api) -> None:
    a_busy_quarter(sim, api, 7)
    before = None
    for first, last in (("01/01", "31/01"), ("01/02", "28/02"), ("01/03", "31/03")):
        period = {"dPeriodoInicial": f"{first}/2026", "dPeriodoFinal": f"{last}/2026"}
        statement = api.ok("ListarExtrato", nCodCC=ITAU, **period)
        if before is not None:
            assert statement["nSaldoAnterior"] == before
        before = statement["nSaldoAtual"]
        opening, *lines = statement["listaMovimentos"]
        assert opening["cDesCliente"] == "SALDO ANTERIOR"
        balance = opening["nSaldo"]
        for line in lines:
            balance += line["nValorDocumento"]
            assert line["nSaldo"] == balance


def test_a_title_its_settlement_and_its_account_row(sim: Simulator, api: Api) -> None:
    api.cliente(cnpj_cpf="52998224725")
    omie_id = api.receber("R", valor_documento=195, numero_documento="NF 1")
    sim.control.advance(86_400)
    settlement = sim.control.settle(
        "contas_receber", "R", value=Decimal(194), discount=1, interest=1, account=ITAU
    )
    title, paid = movements(api, lDadosCad="S")
    assert (title["detalhes"]["cGrupo"], title["detalhes"]["cOrigem"]) == (
        "CONTA_A_RECEBER",
        "APIR",
    )
    assert title["resumo"] == {
        "cLiquidado": "S",
        "nValPago": 195,
        "nValAberto": 0,
        "nDesconto": 1,
        "nJuros": 1,
        "nMulta": 0,
        "nValLiquido": 195,
    }
    assert (title["detalhes"]["dDtInc"], title["detalhes"]["dDtAlt"]) == (
        "05/01/2026",
        "06/01/2026",
    )
    details = paid["detalhes"]
    assert details["nCodBaixa"] == settlement
    assert details["nCodTitulo"] == title["detalhes"]["nCodTitulo"] == omie_id
    assert details["cGrupo"] == "CONTA_CORRENTE_REC"
    assert details["cOrigem"] == "BAXR"
    assert (details["nValorMovCC"], details["nCodCC"]) == (195, ITAU)
    assert (details["dDtInc"], details["cUsInc"]) == ("06/01/2026", "P000116932")
    [found] = everything(api, "PesquisarLancamentos", "titulosEncontrados")
    assert found["cabecTitulo"]["info"]["dAlt"] == "06/01/2026"
    [item] = found["lancamentos"]
    assert (item["nCodLanc"], item["nIdLancCC"]) == (settlement, details["nCodMovCC"])
    assert (item["nValLanc"], item["nJuros"], item["nDesconto"]) == (194, 1, 1)
    [entry] = everything(api, "ListarLancCC", "listaLancamentos")
    assert entry["nCodLanc"] == details["nCodMovCC"]
    assert entry["diversos"]["nCodLancCR"] == omie_id


def test_an_undone_settlement_leaves_no_money(sim: Simulator, api: Api) -> None:
    api.cliente()
    api.receber("R")
    before = sim.control.balance(ITAU)
    settlement = sim.control.settle("contas_receber", "R", account=ITAU)
    assert sim.control.balance(ITAU) == before + Decimal("150.25")
    sim.control.undo_settlement(settlement)
    assert sim.control.balance(ITAU) == before
    assert [row["resumo"]["cLiquidado"] for row in movements(api)] == ["N"]
    assert api.fault("ListarLancCC", nPagina=1)[1] == "Client-5113"


def test_account_rows_have_no_title_and_can_look_inverted(sim: Simulator, api: Api) -> None:
    entry = sim.control.lancar_em_conta(CAIXA, "-12.30", category="2.02.01", note="tarifa")
    [row] = movements(api)
    details = row["detalhes"]
    assert (details["nCodTitulo"], details["nCodMovCC"]) == (0, entry)
    assert (details["cOrigem"], details["cGrupo"], details["cNatureza"]) == (
        "EXTP",
        "CONTA_CORRENTE_PAG",
        "P",
    )
    assert row["resumo"] == {"nValPago": Decimal("12.3")}
    assert "dDtInc" not in details
    sim.control.set_behaviour(inverted_account_nature=True)
    [row] = movements(api)
    assert (row["detalhes"]["cNatureza"], row["detalhes"]["cGrupo"]) == ("R", "CONTA_CORRENTE_PAG")


def test_a_transfer_is_two_entries_that_leave_together(sim: Simulator, api: Api) -> None:
    out, into = sim.control.transferir(CAIXA, ITAU, 100)
    rows = everything(api, "ListarLancCC", "listaLancamentos")
    assert [(row["nCodLanc"], row["diversos"]["cOrigem"]) for row in rows] == [
        (out, "TRAP"),
        (into, "TRAR"),
    ]
    assert rows[0]["transferencia"]["nCodCCDestino"] == ITAU
    assert {row["nCodAgrup"] for row in rows} == {out}
    assert len(everything(api, "ListarLancCC", "listaLancamentos", cOrigem="TRAP")) == 1
    sim.control.delete("lancamentos_conta_corrente", into)
    assert sim.control.records("lancamentos_conta_corrente") == ()
    assert sim.control.balance(CAIXA) == 500


def test_an_entry_can_be_changed(sim: Simulator, api: Api) -> None:
    entry = sim.control.lancar_em_conta(CAIXA, 10)
    sim.control.advance(86_400)
    sim.control.edit("lancamentos_conta_corrente", entry, {"cabecalho": {"nValorLanc": 12.5}})
    assert sim.control.balance(CAIXA) == Decimal("512.5")
    [row] = everything(api, "ListarLancCC", "listaLancamentos", dDtAltDe="06/01/2026")
    assert row["info"]["dInc"] == "05/01/2026"
    assert row["cabecalho"]["nCodCC"] == CAIXA


def test_statements_refuse_pages_and_unknown_accounts(api: Api) -> None:
    period = {"dPeriodoInicial": "01/01/2026", "dPeriodoFinal": "31/01/2026"}
    paged = api.fault("ListarExtrato", nCodCC=CAIXA, nPagina=1, **period)
    assert paged[1] == "Client-5001"
    assert "[NPAGINA]" in paged[2]
    assert api.fault("ListarExtrato", **period)[1] == "Client-1002"
    assert api.fault("ListarExtrato", nCodCC=5, **period)[1] == "Client-101"
    assert "[dPeriodoInicial]" in api.fault("ListarExtrato", nCodCC=CAIXA)[2]
    only = api.ok("ListarExtrato", nCodCC=CAIXA, cExibirApenasSaldo="S", **period)
    assert "listaMovimentos" not in only
    assert only["nSaldoAtual"] == 500


def test_a_statement_can_show_what_is_expected(sim: Simulator, api: Api) -> None:
    api.cliente()
    api.receber("R", data_vencimento="20/01/2026")
    api.pagar("P", data_vencimento="21/01/2026", valor_documento=50)
    sim.control.set_behaviour(statement_forecasts=True)
    period = {"dPeriodoInicial": "01/01/2026", "dPeriodoFinal": "31/01/2026"}
    statement = api.ok("ListarExtrato", nCodCC=CAIXA, **period)
    _, *lines = statement["listaMovimentos"]
    assert [line["cSituacao"] for line in lines] == ["Previsto", "Previsto"]
    assert [line["nValorDocumento"] for line in lines] == [Decimal("150.25"), -50]
    assert statement["nSaldoAtualPrevisto"] - statement["nSaldoAtual"] == Decimal("100.25")
    sim.control.set_behaviour(signed_statement=False)
    statement = api.ok("ListarExtrato", nCodCC=CAIXA, **period)
    assert statement["listaMovimentos"][2]["nValorDocumento"] == 50


def test_movements_can_be_filtered(sim: Simulator, api: Api) -> None:
    cliente = api.cliente(cnpj_cpf="52998224725")
    receivable = api.receber("R", data_vencimento="20/01/2026")
    payable = api.pagar("P", data_vencimento="01/01/2026")
    sim.control.advance(86_400)
    settlement = sim.control.settle("contas_receber", "R", account=ITAU, day=date(2026, 1, 4))
    entry = sim.control.lancar_em_conta(CAIXA, 5)

    def ids(**asked: Any) -> list[int]:
        answer = api.post("ListarMovimentos", {"nPagina": 1, **asked}).json()
        return [
            row["detalhes"].get("nCodBaixa")
            or row["detalhes"]["nCodTitulo"]
            or row["detalhes"]["nCodMovCC"]
            for row in answer.get("movimentos", ())
        ]

    assert ids() == [receivable, payable, settlement, entry]
    assert ids(cOrdemDecrescente="S") == [entry, settlement, payable, receivable]
    assert ids(cTpLancamento="CR") == [receivable]
    assert ids(cTpLancamento="BX") == [settlement]
    assert ids(cTpLancamento="CC") == [entry]
    assert ids(cTpLancamento="CCT") == []
    assert ids(cNatureza="P") == [payable]
    assert ids(nCodCC=ITAU) == [settlement]
    assert ids(nCodTitulo=receivable) == [receivable, settlement]
    assert ids(nCodMovCC=entry) == [entry]
    assert ids(cStatus="ATRASADO") == [payable]
    assert ids(cStatus="RECEBIDO") == [receivable]
    assert ids(nCodCliente=cliente, cTpLancamento="CP") == [payable]
    assert ids(cCPFCNPJCliente="52998224725") == [receivable, payable, settlement]
    assert ids(dDtVencDe="15/01/2026", cTpLancamento="CPCR") == [receivable]
    assert ids(dDtPagtoDe="04/01/2026", dDtPagtoAte="04/01/2026") == [receivable, settlement]
    assert ids(dDtIncDe="06/01/2026") == [settlement, entry]
    assert ids(dDtIncAte="05/01/2026") == [receivable, payable]
    assert ids(dDtAltDe="06/01/2026") == [receivable, settlement, entry]
    assert ids(dDtIncAte="05/01/2026", dDtAltDe="06/01/2026") == [receivable]


def test_titles_can_be_searched(sim: Simulator, api: Api) -> None:
    api.cliente()
    receivable, payable = api.receber("R"), api.pagar("P")
    sim.control.settle("contas_pagar", "P", value=Decimal("0.25"))
    sim.control.cancel("contas_receber", "R")

    def found(**asked: Any) -> list[int]:
        rows = api.ok("PesquisarLancamentos", nPagina=1, **asked)["titulosEncontrados"]
        return [row["cabecTitulo"]["nCodTitulo"] for row in rows]

    assert found() == [receivable, payable]
    assert found(cNatureza="P") == [payable]
    assert found(cCodIntTitulo="R") == [receivable]
    assert found(cStatus="PAGTO_PARCIAL") == [payable]
    assert found(dDtCancDe="05/01/2026") == [receivable]
    cancelled = api.ok("PesquisarLancamentos", nCodTitulo=receivable)["titulosEncontrados"][0]
    assert cancelled["cabecTitulo"]["dDtCanc"] == "05/01/2026"
    assert cancelled["cabecTitulo"]["cStatus"] == "CANCELADO"
    part = api.ok("PesquisarLancamentos", nCodTitulo=payable)["titulosEncontrados"][0]["resumo"]
    assert (part["cLiquidado"], part["nValPago"], part["nValAberto"]) == ("N", Decimal("0.25"), 150)
    nothing = api.fault("PesquisarLancamentos", nCodTitulo=1)
    assert nothing[:2] == (500, "Client-5113")


def test_status_words_follow_the_clock(sim: Simulator, api: Api) -> None:
    api.cliente()
    api.receber("R", data_vencimento="06/01/2026")
    for word in ("A VENCER", "VENCE HOJE", "ATRASADO"):
        [row] = movements(api)
        assert row["detalhes"]["cStatus"] == word
        late = api.post("ListarMovimentos", {"cStatus": "ATRASADO"}).status_code
        assert late == (200 if word == "ATRASADO" else 500)
        sim.control.advance(86_400)


def test_departments_are_shown_when_asked_for(sim: Simulator, api: Api) -> None:
    api.cliente()
    share = {"cCodDep": "9200000002", "nPerDep": 100, "nValDep": 150.25}
    sim.control.seed("contas_receber", [{**titulo("R"), "distribuicao": [share]}])
    assert "departamentos" not in movements(api)[0]
    [shared] = movements(api, cExibirDepartamentos="S")[0]["departamentos"]
    assert shared["cCodDepartamento"] == "9200000002"
    assert shared["nDistrValor"] == Decimal("150.25")


def test_history_can_be_seeded(sim: Simulator, api: Api) -> None:
    long_ago = {"dInc": "10/03/2024", "hInc": "08:00:00", "uInc": "P1", "dAlt": "11/03/2024",
                "hAlt": "08:00:00", "uAlt": "P2", "cImpAPI": "N"}  # fmt: skip
    paid = [{"valor": 100.10, "data": "11/03/2024"}]
    [omie_id] = sim.control.seed(
        "contas_receber",
        [{**titulo("R"), "valor_documento": 100.10, "info": long_ago, "_baixas": paid}],
    )
    [found] = everything(api, "PesquisarLancamentos", "titulosEncontrados")
    assert found["cabecTitulo"]["nCodTitulo"] == omie_id
    assert found["cabecTitulo"]["info"] == long_ago
    assert found["resumo"]["cLiquidado"] == "S"
    assert len(movements(api, dDtIncDe="11/03/2024", dDtIncAte="11/03/2024")) == 1
    assert sim.control.balance(CAIXA, date(2024, 3, 10)) == 500
    assert sim.control.balance(CAIXA, date(2024, 3, 11)) == Decimal("600.10")


def test_money_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "omie.db"
    first: dict[str, Any] = {}
    for start in (1, 2):
        with (
            running_simulator(
                clock=ManualClock(START), limits=Limits.off(), state_path=state
            ) as sim,
            httpx.Client(verify=NO_TLS, base_url=sim.base_url) as http,
        ):
            api = Api(http)
            if start == 1:
                a_busy_quarter(sim, api, 5)
                note = sim.control.issue_note("notas_servico", "10.55")
            seen = {
                "movements": movements(api, lDadosCad="S"),
                "entries": everything(api, "ListarLancCC", "listaLancamentos"),
                "notes": everything(api, "ListarNFSEs", "nfseEncontradas"),
                "balance": sim.control.balance(ITAU, date(2026, 12, 31)),
            }
            if start == 1:
                first = seen
            sim.control.edit("notas_servico", note, {"Cabecalho": {"nNumeroNFSe": "00000001"}})
    assert seen == first
