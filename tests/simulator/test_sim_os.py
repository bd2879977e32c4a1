"""Service orders: what is checked and computed, and that careless repetition doubles things."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.planned_faults import FaultKind, PlannedFault
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from tests.local_http import NO_TLS
from tests.simulator.omie_caller import START, Api, ordem

KEY = {"cCodIntOS": "OS-1"}


@pytest.fixture
def clinic(api: Api) -> Api:
    """PAC-1 and SRV-1 are there."""
    api.tomador()
    api.servico()
    return api


def changed(**parts: Any) -> dict[str, Any]:
    """OS-1 as AlterarOS takes it: the parts given only."""
    return {"Cabecalho": KEY, **parts}


def items_of(api: Api) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.ok("ConsultarOS", **KEY)["ServicosPrestados"]
    return items


def test_an_order_is_completed_by_omie(sim: Simulator, clinic: Api) -> None:
    made = clinic.ok("IncluirOS", **ordem())
    assert (made["cCodIntOS"], made["cNumOS"], made["cCodStatus"]) == ("OS-1", "1", "0")
    read = clinic.ok("ConsultarOS", **KEY)
    head, [item], [part] = read["Cabecalho"], read["ServicosPrestados"], read["Parcelas"]
    assert (head["nCodOS"], head["cEtapa"], head["nQtdeParc"]) == (made["nCodOS"], "10", 1)
    assert head["nValorTotal"] == Decimal("150.5")
    assert (item["cCodServLC116"], item["cDescServ"], item["nSeqItem"]) == ("4.01", "Consulta", 1)
    assert (part["dDtVenc"], part["nValor"], part["nPercentual"]) == (
        "05/01/2026",
        Decimal("150.5"),
        100,
    )
    flags = {tag: read["InfoCadastro"][tag] for tag in ("cCancelada", "cFaturada", "dDtInc")}
    assert flags == {"cCancelada": "N", "cFaturada": "N", "dDtInc": "05/01/2026"}
    [record] = sim.control.records("ordens_servico")
    assert REGISTRY["ordens_servico"].keys_of(record)["cCodIntOS"] == "OS-1"
    assert clinic.ok("ConsultarOS", nCodOS=made["nCodOS"]) == read


def test_a_repeated_order_is_a_second_order(sim: Simulator, clinic: Api) -> None:
    first, second = clinic.ordem(), clinic.ordem()
    assert first != second
    assert [r["Cabecalho"]["cNumOS"] for r in sim.control.twins("ordens_servico", "OS-1")] == [
        "1",
        "2",
    ]
    found = clinic.ok("ListarOS", pagina=1, filtrar_por_codigo=[KEY])["osCadastro"]
    assert [row["Cabecalho"]["nCodOS"] for row in found] == [first, second]
    assert clinic.ok("ConsultarOS", **KEY)["Cabecalho"]["nCodOS"] == first
    clinic.ok("ExcluirOS", nCodOS=first)
    assert clinic.ok("ConsultarOS", **KEY)["Cabecalho"]["nCodOS"] == second


def test_where_it_is_set_so_a_repeated_order_is_refused(sim: Simulator, clinic: Api) -> None:
    sim.control.set_behaviour(repeated_os_refused=True)
    omie_id = clinic.ordem()
    _, code, text = clinic.fault("IncluirOS", **ordem())
    assert (code, f"com o nCod [{omie_id}]" in text) == ("Client-102", True)


@pytest.mark.parametrize(
    ("block", "tag"),
    [
        ("Cabecalho", "cCodParc"),
        ("InformacoesAdicionais", "cCodCateg"),
        ("InformacoesAdicionais", "nCodCC"),
    ],
)
def test_what_is_mandatory(clinic: Api, block: str, tag: str) -> None:
    sent = ordem()
    sent[block] = {name: value for name, value in sent[block].items() if name != tag}
    assert f"[{tag}]" in clinic.fault("IncluirOS", **sent)[2]
    del sent[block]
    assert "obrigatório" in clinic.fault("IncluirOS", **sent)[2]


def test_what_an_order_names_has_to_be_there(sim: Simulator, clinic: Api) -> None:
    def refused(**parts: Any) -> str:
        return clinic.fault("IncluirOS", **ordem(**parts))[2]

    head = {"cCodIntOS": "OS-1", "cCodParc": "000"}
    assert "[nCodCli] ou [cCodIntCli]" in refused(Cabecalho=head)
    assert "Cliente não cadastrado" in refused(Cabecalho={**head, "cCodIntCli": "X"})
    assert "Cliente não cadastrado" in refused(Cabecalho={**head, "nCodCli": 7})
    seller = {**head, "cCodIntCli": "PAC-1", "nCodVend": 7}
    assert "Vendedor não cadastrado" in refused(Cabecalho=seller)
    more = {"cCodCateg": "1.01.01", "nCodCC": 9100000001}
    assert "Categoria" in refused(InformacoesAdicionais={**more, "cCodCateg": "1.01"})
    assert "Conta Corrente" in refused(InformacoesAdicionais={**more, "nCodCC": 1})
    assert (
        clinic.fault("IncluirOS", **ordem(ServicosPrestados=[{"cCodIntServico": "X", "nQtde": 1}]))[
            1
        ]
        == "Client-5002"
    )
    assert "[cTribServ]" in refused(ServicosPrestados=[{"nQtde": 1}])
    assert "[ServicosPrestados]" in refused(ServicosPrestados=[])
    assert sim.control.records("ordens_servico") == ()


def test_an_item_may_say_everything_itself(clinic: Api) -> None:
    item = {"nQtde": 2, "nValUnit": 99.9, "cTribServ": "01", "cCodServMun": "04030",
            "cCodServLC116": "4.01", "cDescServ": "Avulso", "cTpDesconto": "V",
            "nValorDesconto": 10, "nValorAcrescimos": 0.2}  # fmt: skip
    clinic.ordem(ServicosPrestados=[item])
    head = clinic.ok("ConsultarOS", **KEY)["Cabecalho"]
    assert head["nValorTotal"] == 190


def test_a_careless_change_adds_an_item(clinic: Api) -> None:
    clinic.ordem()
    [item] = ordem()["ServicosPrestados"]
    clinic.ok("AlterarOS", **changed(ServicosPrestados=[item]))
    assert clinic.ok("ConsultarOS", **KEY)["Cabecalho"]["nValorTotal"] == 301
    assert len(items_of(clinic)) == 2


def test_items_are_changed_added_and_removed_by_their_action(clinic: Api) -> None:
    clinic.ordem()
    [item] = items_of(clinic)
    by_id = {"cAcaoItem": "A", "nIdItem": item["nIdItem"], "nQtde": 1, "nValUnit": 80}
    clinic.ok("AlterarOS", **changed(ServicosPrestados=[by_id]))
    [one] = items_of(clinic)
    assert (one["nIdItem"], one["nValUnit"]) == (item["nIdItem"], 80)
    by_place = {"cAcaoItem": "A", "nSeqItem": 1, "nQtde": 3}
    added = {"cAcaoItem": "I", "cCodIntServico": "SRV-1", "nQtde": 1}
    clinic.ok("AlterarOS", **changed(ServicosPrestados=[by_place, added]))
    read = clinic.ok("ConsultarOS", **KEY)
    assert [i["nSeqItem"] for i in read["ServicosPrestados"]] == [1, 2]
    assert read["Cabecalho"]["nValorTotal"] == 440
    assert read["Parcelas"][0]["nValor"] == 440
    clinic.ok(
        "AlterarOS", **changed(ServicosPrestados=[{"cAcaoItem": "E", "nSeqItem": 1, "nQtde": 1}])
    )
    [left] = items_of(clinic)
    assert (left["nSeqItem"], left["nValUnit"]) == (1, 200)
    nameless = [{"cAcaoItem": "A", "nQtde": 1}]
    assert "[nIdItem]" in clinic.fault("AlterarOS", **changed(ServicosPrestados=nameless))[2]
    unknown = [{"cAcaoItem": "A", "nSeqItem": 9, "nQtde": 1}]
    assert "Item da OS" in clinic.fault("AlterarOS", **changed(ServicosPrestados=unknown))[2]
    assert clinic.fault("IncluirOS", **ordem(ServicosPrestados=[{**by_id, "cAcaoItem": "I"}]))[
        1
    ] == ("Client-5001")


def test_a_header_changes_without_touching_the_items(clinic: Api) -> None:
    clinic.ordem()
    head = {**KEY, "dDtPrevisao": "20/01/2026"}
    clinic.ok("AlterarOS", Cabecalho=head, Observacoes={"cObsOS": "x"})
    read = clinic.ok("ConsultarOS", **KEY)
    assert (read["Cabecalho"]["dDtPrevisao"], read["Cabecalho"]["cNumOS"]) == ("20/01/2026", "1")
    assert read["Observacoes"] == {"cObsOS": "x"}
    assert len(read["ServicosPrestados"]) == 1
    assert clinic.fault("AlterarOS", Cabecalho={"cCodIntOS": "X"})[1] == "Client-103"


def test_instalments_may_be_given_or_are_made(clinic: Api) -> None:
    head = {**ordem()["Cabecalho"], "cCodParc": "003", "nQtdeParc": 3}
    clinic.ordem(Cabecalho=head)
    parts = clinic.ok("ConsultarOS", **KEY)["Parcelas"]
    assert [p["nValor"] for p in parts] == [Decimal("50.17"), Decimal("50.17"), Decimal("50.16")]
    assert [p["dDtVenc"] for p in parts] == ["04/02/2026", "06/03/2026", "05/04/2026"]
    given = [{"nParcela": 1, "nValor": 150.5, "nPercentual": 100, "dDtVenc": "09/01/2026"}]
    clinic.ordem("OS-2", Parcelas=given)
    [part] = clinic.ok("ConsultarOS", cCodIntOS="OS-2")["Parcelas"]
    assert part["dDtVenc"] == "09/01/2026"


def test_an_unknown_order_has_the_recorded_text(clinic: Api) -> None:
    status, code, text = clinic.fault("ConsultarOS", cCodIntOS="99999999999")
    assert (status, code) == (500, "Client-103")
    assert text == "ERROR: OS não cadastrada para o Código de Integração [99999999999] !"
    assert clinic.fault("StatusOS", nCodOS=1)[1] == "Client-105"
    assert clinic.fault("ListarOS", pagina=1)[1] == "Client-5113"


def test_lists_filter_by_code_status_stage_and_day(sim: Simulator, clinic: Api) -> None:
    first = clinic.ordem("OS-1")
    sim.control.advance(86_400)
    clinic.ordem("OS-2")
    clinic.ok("TrocarEtapaOS", cCodIntOS="OS-2", cEtapa="30")
    clinic.ok("FaturarOS", cCodIntOS="OS-1")
    clinic.ordem("OS-3")
    clinic.ok("CancelarOS", cCodIntOS="OS-3")

    def codes(**asked: Any) -> list[str]:
        rows = clinic.ok("ListarOS", pagina=1, **asked)["osCadastro"]
        return [row["Cabecalho"]["cCodIntOS"] for row in rows]

    assert codes() == ["OS-1", "OS-2", "OS-3"]
    assert codes(filtrar_por_codigo=[{"cCodIntOS": "OS-3"}, {"nCodOS": first}]) == ["OS-1", "OS-3"]
    assert [codes(filtrar_por_status=word) for word in "FNC"] == [["OS-1"], ["OS-2"], ["OS-3"]]
    assert codes(filtrar_por_etapa="30") == ["OS-2"]
    only_new = {"filtrar_por_data_de": "06/01/2026", "filtrar_apenas_inclusao": "S"}
    assert codes(**only_new) == ["OS-2", "OS-3"]
    assert codes(filtrar_por_data_de="06/01/2026") == ["OS-1", "OS-2", "OS-3"]
    assert codes(filtrar_por_data_faturamento_de="06/01/2026") == ["OS-1"]
    assert codes(filtrar_por_data_cancelamento_ate="06/01/2026") == ["OS-3"]
    assert codes(ordem_decrescente="S") == ["OS-3", "OS-2", "OS-1"]


@pytest.mark.parametrize(
    ("kind", "made"),
    [("http_500", 0), ("http_500_after_commit", 1), ("cut_before", 0), ("cut_after_commit", 1)],
)
def test_faults_find_an_order_by_its_code(
    sim: Simulator, clinic: Api, kind: FaultKind, made: int
) -> None:
    sim.control.next_faults(PlannedFault(kind, method="IncluirOS", integration_code="OS-2"))
    clinic.ordem("OS-1")
    try:
        assert clinic.post("IncluirOS", ordem("OS-2")).status_code == 500
    except httpx.RemoteProtocolError:
        assert kind.startswith("cut")
    assert len(sim.control.twins("ordens_servico", "OS-2")) == made


def test_everything_new_survives_a_restart(tmp_path: Path) -> None:
    def running() -> Any:
        return running_simulator(
            clock=ManualClock(START), limits=Limits.off(), state_path=tmp_path / "state"
        )

    with running() as sim, httpx.Client(verify=NO_TLS, base_url=sim.base_url) as http:
        api = Api(http)
        api.tomador()
        api.servico()
        api.ordem()
        api.ok("FaturarOS", **KEY)
        before = api.ok("ConsultarOS", **KEY)
    with running() as sim, httpx.Client(verify=NO_TLS, base_url=sim.base_url) as http:
        api = Api(http)
        assert api.ok("ConsultarOS", **KEY) == before
        assert [note.state for note in sim.control.notes("OS-1")] == ["processing"]
        sim.control.advance(40)
        assert [note.state for note in sim.control.notes("OS-1")] == ["authorised"]
        url = api.ok("StatusOS", **KEY)["ListaRpsNfse"][0]["danfe"]
        assert http.get(url).content.startswith(b"%PDF-1.4")
        assert api.ok("IncluirOS", **ordem("OS-2"))["cNumOS"] == "2"


def test_an_order_of_a_person_is_completed_too(sim: Simulator, clinic: Api) -> None:
    head = {"cCodParc": "000", "nCodCli": clinic.cliente("PAC-2")}
    items = [{"cDescServ": "Antigo", "nQtde": 2, "nValUnit": 10}]
    more = {"cCodCateg": "1.01.01", "nCodCC": 9100000001}
    typed = {"Cabecalho": head, "ServicosPrestados": items, "InformacoesAdicionais": more}
    [key] = sim.control.seed("ordens_servico", [typed])
    read = clinic.ok("ConsultarOS", nCodOS=key)
    assert (read["Cabecalho"]["nValorTotal"], read["Cabecalho"]["cCodIntOS"]) == (20, "")
    assert read["InfoCadastro"]["cFaturada"] == "N"
    sim.control.edit("ordens_servico", key, {"Cabecalho": {"cEtapa": "40"}})
    assert clinic.ok("StatusOS", nCodOS=key)["cEtapa"] == "40"
    sim.control.delete("ordens_servico", key)
    assert clinic.fault("ConsultarOS", nCodOS=key)[1] == "Client-105"
