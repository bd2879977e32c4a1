"""servicos/servico: keys in a section that has one name when sent and another when read."""

from __future__ import annotations

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.simulator.engine.server import Simulator
from tests.simulator.omie_caller import Api

CODE = {"cCodIntServ": "SRV-1"}


def test_a_service_is_made_then_changed_under_its_code(sim: Simulator, api: Api) -> None:
    omie_id = api.servico()
    sent = {"intEditar": CODE, "cabecalho": {"cDescricao": "Retorno"}}
    answer = api.ok("UpsertCadastroServico", **sent)
    assert answer == {
        "cCodIntServ": "SRV-1",
        "nCodServ": omie_id,
        "cCodStatus": "0",
        "cDescStatus": "Serviço alterado com sucesso!",
    }
    [record] = sim.control.records("servicos")
    assert REGISTRY["servicos"].keys_of(record) == {"cCodIntServ": "SRV-1", "nCodServ": omie_id}
    assert record["cabecalho"]["cDescricao"] == "Retorno"
    assert record["cabecalho"]["cCodLC116"] == "4.01"


def test_it_is_read_back_whole_with_the_recorded_sections(api: Api) -> None:
    omie_id = api.servico()
    whole = api.ok("ConsultarCadastroServico", **CODE)
    assert whole["intListar"] == {"cCodIntServ": "SRV-1", "nCodServ": omie_id}
    assert whole["descricao"] == {"cDescrCompleta": "Consulta"}
    assert whole["impostos"]["cRetISS"] == "N"
    assert (whole["info"]["cImpAPI"], whole["info"]["inativo"]) == ("S", "N")
    assert whole["viaUnica"] is None
    assert api.ok("ConsultarCadastroServico", nCodServ=omie_id) == whole
    [row] = api.ok("ListarCadastroServico", nPagina=1, nRegPorPagina=50)["cadastros"]
    assert row["intListar"]["nCodServ"] == omie_id
    assert "viaUnica" not in row


def test_creation_has_a_section_of_its_own(api: Api) -> None:
    sent = {"intIncluir": CODE, "cabecalho": {"cDescricao": "Consulta"}}
    assert api.ok("IncluirCadastroServico", **sent)["cCodIntServ"] == "SRV-1"
    assert "já cadastrado" in api.fault("IncluirCadastroServico", **sent)[2]
    assert "[cDescricao]" in api.fault("IncluirCadastroServico", intIncluir={}, cabecalho={})[2]
    other = {"intEditar": {"cCodIntServ": "X"}, "cabecalho": {"cDescricao": "y"}}
    assert api.fault("AlterarCadastroServico", **other)[1] == "Client-5002"


def test_an_unknown_code_has_the_recorded_text(api: Api) -> None:
    status, code, text = api.fault("ConsultarCadastroServico", cCodIntServ="teste-010")
    assert (status, code) == (500, "Client-5002")
    assert text == (
        "ERROR: Serviço não cadastrado para o Código de integração do Serviço [teste-010] ! "
        "Tag [cCodIntServ]!"
    )
    assert api.fault("ConsultarCadastroServico", nCodServ=1)[1] == "Client-105"


def test_a_service_of_a_person_gets_our_code_and_goes_away(sim: Simulator, api: Api) -> None:
    [key] = sim.control.seed("servicos", [{"cabecalho": {"cDescricao": "Antigo"}}])
    assert isinstance(key, int)
    api.ok("AssociarCodIntServico", nCodServ=key, cCodIntServ="SRV-9")
    assert api.ok("ConsultarCadastroServico", cCodIntServ="SRV-9")["intListar"]["nCodServ"] == key
    api.servico()
    assert "já cadastrado" in api.fault("AssociarCodIntServico", nCodServ=key, **CODE)[2]
    api.ok("ExcluirCadastroServico", cCodIntServ="SRV-9")
    assert [r["intListar"]["cCodIntServ"] for r in sim.control.records("servicos")] == ["SRV-1"]


def test_lists_can_be_filtered(api: Api) -> None:
    api.servico("SRV-1", cDescricao="Consulta")
    api.servico("SRV-2", cDescricao="Exame de sangue")
    found = api.ok("ListarCadastroServico", nPagina=1, cDescricao="exame")["cadastros"]
    assert [row["intListar"]["cCodIntServ"] for row in found] == ["SRV-2"]
    assert api.fault("ListarCadastroServico", nPagina=1, cDescricao="zzz")[1] == "Client-5113"
    assert (
        "Categoria"
        in api.fault(
            "UpsertCadastroServico",
            intEditar=CODE,
            cabecalho={"cDescricao": "x", "cCodCateg": "7.77.77"},
        )[2]
    )


def test_the_lists_of_codes_hold_true_rows(api: Api) -> None:
    codes = {row["cCodigo"] for row in api.ok("ListarLC116", pagina=1)["cadastros"]}
    assert codes.issuperset({"4.01", "4.02", "4.03", "4.12", "4.16", "8.02"})
    [one] = api.ok("ListarLC116", pagina=1, cCodigo="4.16")["cadastros"]
    assert one["cDescricao"] == "Psicologia"
    [own] = api.ok("ListarServMunic", pagina=1, cCodServLC116="4.12")["cadastros"]
    assert own["cCidade"] == "SAO PAULO (SP)"
    assert len(api.ok("ListarTiposTrib", pagina=1)["cadastros"]) == 4


def test_projects_and_sellers_answer_with_their_own_tags(sim: Simulator, api: Api) -> None:
    for noun, endpoint in (("Projeto", "projetos"), ("Vendedor", "vendedores")):
        made = api.ok(f"Upsert{noun}", codInt="P-1", nome="Ana")
        assert made["descricao"] == f"{noun} cadastrado com sucesso!"
        assert (made["codInt"], made["status"]) == ("P-1", "0")
        again = api.ok(f"Upsert{noun}", codInt="P-1", nome="Bia")
        assert again["codigo"] == made["codigo"]
        assert api.ok(f"Consultar{noun}", codInt="P-1")["nome"] == "Bia"
        assert "já cadastrado" in api.fault(f"Incluir{noun}", codInt="P-1", nome="x")[2]
        api.ok(f"Alterar{noun}", codigo=made["codigo"], inativo="S")
        api.ok(f"Excluir{noun}", codInt="P-1")
        assert sim.control.record(endpoint, "P-1") is None
