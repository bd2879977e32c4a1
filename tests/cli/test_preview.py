"""``preview``: rows as the JSON that would leave, masked; nothing leaves."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from tests.cli.conftest import Terminal
from tests.push.world import CLIENTE_COLUMNS, TITULO_COLUMNS, World, cliente, cpf, titulo

MARKED = {**TITULO_COLUMNS, "codigo_vendedor": JSONB, "recebimento": JSONB}


def test_a_titulo_as_it_would_leave(terminal: Terminal, clinic: World) -> None:
    inner = {"data": "2026-01-05", "valor": Decimal("150.10")}
    clinic.model("contas_receber", [titulo(1, recebimento=inner)], MARKED)
    said = terminal("preview", "contas_receber")
    assert said.code == 0
    head, _, body = said.out.partition("\n")
    assert head == "REC-1 (principal, contas_receber)"
    assert json.loads(body, parse_float=Decimal) == {
        "codigo_lancamento_integracao": "REC-1",
        "codigo_cliente_fornecedor_integracao": "PAC-1",
        "data_vencimento": "05/02/2026",
        "data_previsao": "05/02/2026",
        "valor_documento": Decimal("150.10"),
        "codigo_categoria": "1.01.01",
        "id_conta_corrente": 9100000001,
        "recebimento": {"data": "05/01/2026", "valor": Decimal("150.10")},
    }
    assert '"valor_documento": 150.10' in body


def test_people_are_masked_and_nothing_leaves(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(number) for number in range(1, 8)], CLIENTE_COLUMNS)
    for words in ((), ("--json",)):
        said = terminal("preview", "clientes", *words)
        assert said.code == 0
        for hidden in (
            "Paciente Numero",
            cpf(1),
            "p1@exemplo",
            "Rua das Flores",
            "01001000",
            "SSP",
        ):
            assert hidden not in said.out + said.err
    assert [line["code"] for line in said.lines] == [f"PAC-{number}" for number in range(1, 6)]
    payload = said.lines[0]["payload"]
    assert payload["cnpj_cpf"] == f"{cpf(1)[0]}***{cpf(1)[-1]}"
    assert (payload["estado"], payload["tags"]) == ("SP", [{"tag": "Cliente"}])
    assert not {"_rg", "empresa"} & set(payload)
    assert clinic.control.calls() == ()
    assert clinic.rows("SELECT 1 FROM omie_sync.attempt") == []


def test_markers_show_the_id_or_what_they_wait_for(terminal: Terminal, clinic: World) -> None:
    with clinic.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO omie_sync.ledger (empresa, endpoint, codigo_integracao, state,"
                " omie_id, partition, run_id) VALUES ('principal', 'vendedores', 'PRO-1',"
                " 'confirmed', 77, 'principal', 'r'), ('principal', 'vendedores', 'PRO-2',"
                " 'deleted', 78, 'principal', 'r')"
            )
        )
    rows = [titulo(n, codigo_vendedor={"$omie_id": ["vendedores", f"PRO-{n}"]}) for n in (1, 2)]
    clinic.model("contas_receber", rows, MARKED)
    first, second = terminal("preview", "contas_receber", "--json").lines
    assert (first["payload"]["codigo_vendedor"], first["waits_for"]) == (77, [])
    assert second["payload"]["codigo_vendedor"] == "(aguarda vendedores PRO-2)"
    assert second["waits_for"] == ["vendedores PRO-2"]
    assert "aguarda: vendedores PRO-2" in terminal("preview", "contas_receber").out


def test_a_nested_endpoint_is_named_by_its_section(terminal: Terminal, clinic: World) -> None:
    header = {"cCodIntCtr": "CTR-1", "nCodCli": {"$omie_id": ["clientes", "PAC-1"]},
              "dVigInicial": "2026-01-01", "cNumCtr": "1"}  # fmt: skip
    columns = {"empresa": sa.Text, "cabecalho": JSONB, "infAdic": JSONB}
    row = {"empresa": "principal", "cabecalho": header, "infAdic": {"cContato": "Maria Souza"}}
    clinic.model("contratos", [row], columns)
    (line,) = terminal("preview", "contratos", "--json").lines
    assert line["code"] == "CTR-1"
    assert line["payload"]["cabecalho"] == {
        "cCodIntCtr": "CTR-1",
        "nCodCli": "(aguarda clientes PAC-1)",
        "dVigInicial": "01/01/2026",
        "cNumCtr": "1",
    }
    assert line["payload"]["infAdic"] == {"cContato": "M***a"}


def test_one_key_and_so_many_rows(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1), cliente(2), cliente(3)])
    (line,) = terminal("preview", "clientes", "--key", "PAC-2", "--json").lines
    assert line["code"] == "PAC-2"
    assert len(terminal("preview", "clientes", "--rows", "2", "--json").lines) == 2
    assert "Nenhuma linha" in terminal("preview", "clientes", "--key", "PAC-9").err
    assert terminal("preview", "clientes", "--key", "PAC-9", "--json").out == ""


@pytest.mark.parametrize("words", [("tudo",), ("nada",), ("clientes", "--rows", "0")])
def test_wrong_words_are_wrong_usage(
    terminal: Terminal, clinic: World, words: tuple[str, ...]
) -> None:
    assert terminal("preview", *words).code == 2


def test_a_missing_model_and_a_misspelt_column_are_told(terminal: Terminal, clinic: World) -> None:
    said = terminal("preview", "clientes")
    assert said.code == 1
    assert "omie-pipeline build" in said.err
    clinic.model("clientes", [], {**CLIENTE_COLUMNS, "razao_socal": sa.Text})
    assert "razao_socal não é campo" in terminal("preview", "clientes").err
