"""``status``, ``history``, ``quarantine``, ``rejected``: screen, JSON Lines and CSV."""

from __future__ import annotations

import csv
import json
import re
import stat
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.assets.push_report import run_metadata, worst_metadata
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.endpoints.clientes import CLIENTES
from omie_pipeline.catalog.row_labels import field_in_fault
from omie_pipeline.clinic.set_aside import SET_ASIDE
from omie_pipeline.push.report import PushReport
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.cli.conftest import Terminal
from tests.push.world import CLIENTE_COLUMNS, World, cliente, titulo


def _sheet(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text), delimiter=";"))


@pytest.fixture
def pushed(terminal: Terminal, clinic: World) -> World:
    """One row delivered, one rejected, one in quarantine."""
    clinic.model("clientes", [cliente(1), cliente(2), cliente(3, cnpj_cpf="11111111111")])
    clinic.control.next_faults(
        PlannedFault("fault_in_200", integration_code="PAC-2", text="ERROR: =1+1; Algo errado!")
    )
    assert terminal("push", "clientes").code == 3
    return clinic


@pytest.mark.slow
def test_status_counts_and_says_when(terminal: Terminal, pushed: World) -> None:
    rows = [titulo(1), titulo(2, data_particao=date(2025, 12, 31)), titulo(3, data_particao=None)]
    pushed.model("contas_receber", rows)
    lines = {line["endpoint"]: line for line in terminal("status", "--json").lines}
    clientes = lines["clientes"]
    assert (clientes["confirmed"], clientes["rejected"], clientes["quarantined"]) == (1, 1, 1)
    assert (clientes["state"], clientes["last_run_state"], clientes["last_run_trigger"]) == (
        "active", "done", "cli",
    )  # fmt: skip
    assert (clientes["open_intents"], clientes["blocked_until"]) == (0, None)
    assert lines["contas_receber"]["before_start"] == 2
    assert lines["contas_receber"]["last_run_at"] is None
    assert lines["contas_pagar"]["before_start"] is None
    shown = terminal("status")
    assert shown.code == 0
    assert "nunca" in shown.out
    assert "OMIE_PIPELINE_START_DATE" in shown.out


@pytest.mark.slow
def test_status_tells_what_was_emptied_warned_of_and_not_copied(
    terminal: Terminal, clinic: World, engine: sa.Engine
) -> None:
    noted = [{"table": "pacientes", "column": "telefone", "kind": "foreign_telephone"}]
    warned, columns = {"_warnings": noted}, {**CLIENTE_COLUMNS, "_warnings": JSONB}
    rg = [{"campo": "RG", "conteudo": "1"}]
    clinic.model("clientes", [cliente(1, caracteristicas=rg, **warned)], columns)
    assert terminal("push", "clientes").code == 0
    clinic.model("clientes", [cliente(1, **warned)], columns)
    assert terminal("push", "clientes").code == 0
    with engine.begin() as connection:
        SET_ASIDE.create(connection)
        connection.execute(sa.insert(SET_ASIDE).values(
            empresa="principal", table_name="lancamento", kind="doubled_key", rows=2, lines=[],
            file="", key="52998224725", first_seen_at=sa.func.now(), last_seen_at=sa.func.now(),
        ))  # fmt: skip
    lines = terminal("status", "--json").lines
    (clientes,) = [one for one in lines if one["endpoint"] == "clientes"]
    assert (clientes["not_emptied"], clientes["warnings"]) == (1, 1)
    (copy,) = [one for one in lines if one["direction"] == "copy"]
    assert (copy["table"], copy["set_aside"]) == ("lancamento", 2)
    shown = terminal("status").out
    assert "o Omie ainda tem: 1 em clientes; motivos: omie-pipeline not-emptied" in shown
    assert "com aviso: 1 em clientes; motivos: omie-pipeline warnings" in shown
    assert "não foram copiadas: 2 em lancamento; motivos: omie-pipeline quar" in shown
    assert "'52998224725' está em 2 linhas" in terminal("quarantine").out, "as the source has it"
    report = PushReport("r", "principal", CLIENTES, (), not_emptied={"caracteristicas": 1})
    told = {name: getattr(one, "value", one) for name, one in run_metadata(engine, report).items()}
    assert told["nao_esvaziados"] == "caracteristicas: 1"
    assert told["avisos"] == 1
    assert told["linhas_nao_copiadas"] == "lancamento: 2"


def test_a_document_that_stands_elsewhere_is_shown_to_staff_only(
    terminal: Terminal, clinic: World, engine: sa.Engine
) -> None:
    """Staff read the list of quarantine; what a push or Dagster says is kept as a log."""
    unread = {"table": "pacientes", "column": "data_nascimento", "source_column": "nasc",
              "kind": "date", "text": "529.982.247-25, ana@exemplo.com"}  # fmt: skip
    columns = {**CLIENTE_COLUMNS, "_unreadable": JSONB}
    clinic.model("clientes", [cliente(1, _unreadable=[unread])], columns)
    said = terminal("push", "clientes")
    assert "'***25, ***@***'" in said.out
    assert "***25" in terminal("history").out
    (entry,) = terminal("quarantine", "--json").lines
    assert "'529.982.247-25, ana@exemplo.com'" in entry["reasons"][0]
    (run,) = terminal("history", "--json").lines
    for kept in (said.out + said.err, terminal("history").out, json.dumps(run)):
        assert "529.982" not in kept
        assert "ana@" not in kept
    report = PushReport(run["run_id"], "principal", CLIENTES, ())
    worst = worst_metadata(engine, report)["principal"]["linhas_a_corrigir"]
    assert "529.982" not in str(worst)
    assert "***25" in str(worst)


def test_status_shows_a_block_and_its_end(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1), cliente(2)])
    clinic.control.next_faults(PlannedFault("blocked_425", seconds=900))
    said = terminal("push", "clientes", "--json")
    assert said.code == 3
    assert said.lines[0]["held"] == 2
    assert "parou antes do fim" in said.err
    (line,) = terminal("status", "--endpoint", "clientes", "--json").lines
    assert (line["state"], line["held"]) == ("error", 2)
    assert line["blocked_until"] is not None
    assert "fechou a API até" in terminal("status").out


def test_status_needs_no_key(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMIE_APP_KEY")
    assert terminal("status").code == 0


def test_history_tells_failures_and_what_to_do(
    terminal: Terminal, pushed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another row than before: the same request again within a minute would wait for its end.
    pushed.model("clientes", [cliente(1), cliente(2, bairro="Jardins")])
    monkeypatch.setenv("OMIE_APP_SECRET", "segredo-errado")
    assert terminal("push", "clientes").code == 1
    failed, done = terminal("history", "--json").lines
    assert (failed["state"], failed["error_class"]) == ("failed", "AuthFailed")
    assert "omie-pipeline check" in failed["fix"]
    assert (done["state"], done["selected"], done["delivered"], done["rejected"]) == (
        "done", 3, 1, 1,
    )  # fmt: skip
    assert done["seconds"] is not None
    assert len(terminal("history", "--limit", "1", "--json").lines) == 1
    shown = terminal("history").out
    assert "falhou" in shown
    assert "concluída" in shown


def test_quarantine_and_rejected_name_reason_and_fix(terminal: Terminal, pushed: World) -> None:
    (row,) = terminal("quarantine", "--json").lines
    assert (row["code"], row["partition"], row["origin"]) == ("PAC-3", "principal", "pacientes/3")
    assert "CPF" in row["reasons"][0]
    assert len(row["fixes"]) == len(row["reasons"])
    assert all(row["fixes"])
    (row,) = terminal("rejected", "--json").lines
    assert row["code"] == "PAC-2"
    assert row["reasons"] == ["ERROR: =1+1; Algo errado!"]
    assert terminal("rejected", "--endpoint", "contas_pagar", "--json").lines == []
    for command in ("quarantine", "rejected"):
        said = terminal(command)
        assert said.code == 0
        assert "→" in said.out
        assert "Paciente Numero" not in said.out


@pytest.mark.slow
def test_csv_to_stdout_and_to_a_file(terminal: Terminal, pushed: World, tmp_path: Path) -> None:
    rows = _sheet(terminal("rejected", "--csv", "-").out)
    assert [row["código"] for row in rows] == ["PAC-2"]
    file = tmp_path / "quarentena.csv"
    said = terminal("quarantine", "--csv", str(file))
    assert (said.code, said.out) == (0, "")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert {row["código"] for row in _sheet(file.read_text("utf-8-sig"))} == {"PAC-3"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for command in ("status", "history"):
        said = terminal(command, "--csv", "-")
        assert said.code == 0
        assert said.out.startswith(("empresa,", "run_id,"))


def test_a_csv_cell_is_never_a_formula(terminal: Terminal, pushed: World) -> None:
    for sign in "=+-@＝":
        with pushed.engine.begin() as connection:
            text = {"text": f"{sign}cmd()"}
            connection.execute(sa.text("UPDATE omie_sync.rejected SET fault_text = :text"), text)
        (row,) = _sheet(terminal("rejected", "--csv", "-").out)
        assert row["motivo"] == f"'{sign}cmd()"


def test_a_csv_that_cannot_be_written_is_told(terminal: Terminal, clinic: World) -> None:
    said = terminal("history", "--csv", "/nada/aqui.csv")
    assert said.code == 1
    assert "/nada/aqui.csv" in said.err


def test_empty_lists_say_so(terminal: Terminal, clinic: World) -> None:
    assert "Nenhuma execução" in terminal("history").out
    assert "Nenhuma linha" in terminal("quarantine").out
    assert terminal("rejected", "--json").out == ""


@pytest.mark.slow
def test_the_sheet_is_staffs_grouped_by_person(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One person's reasons stand together, whatever they are about; names on request only."""
    monkeypatch.setenv("OMIE_PIPELINE_TIME_ZONE", "America/Manaus")
    telephone = {"telefone1_ddd": sa.Text, "telefone1_numero": sa.Text}
    people = [
        cliente(n, cnpj_cpf="11111111111", telefone1_ddd="11", telefone1_numero=f"98765432{n}")
        for n in (1, 2)
    ]
    clinic.model("clientes", [*people, *map(cliente, range(3, 8))], CLIENTE_COLUMNS | telephone)
    assert terminal("push", "clientes").code == 3
    early = {"data_vencimento": date(1926, 1, 1), "valor_documento": Decimal("1280.50")}
    clinic.model("contas_receber", [titulo(1, 2, **early), titulo(2, 1, **early)])
    assert terminal("push", "contas_receber").code == 3
    rows = _sheet(terminal("quarantine", "--csv", "-").out)
    whose = [row["pessoa"] for row in rows]
    assert whose == sorted(whose, key=whose.index), "no person stands in two places"
    assert {row["código"] for row in rows if row["pessoa"] == "PAC-1"} == {"PAC-1", "REC-2"}
    (one,) = [row for row in rows if row["código"] == "REC-1"]
    assert (one["valor (R$)"], one["data"]) == ("1.280,50", "05/01/2026")
    assert one["campo"]
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d", one["desde"])
    utc = clinic.rows("SELECT to_char(first_seen_at AT TIME ZONE 'America/Manaus', "
                      "'DD/MM/YYYY HH24:MI') FROM omie_sync.quarantine")  # fmt: skip
    assert one["desde"] in {row[0] for row in utc}
    assert "nome" not in one
    assert "Paciente Numero" not in terminal("quarantine").out
    named = terminal("quarantine", "--csv", "-", "--with-contacts")
    assert "guarde" in named.err
    by_code = {row["código"]: row for row in _sheet(named.out)}
    assert (by_code["REC-2"]["nome"], by_code["REC-2"]["telefone"]) == (
        "Paciente Numero 1", "11 987654321",
    )  # fmt: skip
    assert "PAC-2: Paciente Numero 2, 11 987654322" in terminal("quarantine", "--with-contacts").out
    lines = terminal("quarantine", "--json", "--with-contacts").lines
    assert {line["name"] for line in lines} == {"Paciente Numero 1", "Paciente Numero 2"}
    assert all("name" not in line for line in terminal("quarantine", "--json").lines)


@pytest.mark.slow
def test_rejected_keeps_the_first_words_beside_the_last(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1)])
    for words in ("ERROR: O preenchimento da tag [EMAIL] é inválido!", "ERROR: Outra coisa!"):
        fault = PlannedFault("fault_in_200", integration_code="PAC-1", text=words)
        clinic.control.next_faults(fault)
        with clinic.engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM omie_sync.quota_request"))
        assert terminal("push", "clientes").code == 3
    (line,) = terminal("rejected", "--json").lines
    assert line["reasons"] == ["ERROR: Outra coisa!"]
    assert "tag [EMAIL]" in line["first_reason"]
    assert "Na primeira vez" in terminal("rejected").out
    (row,) = _sheet(terminal("rejected", "--csv", "-").out)
    assert "[EMAIL]" in row["primeiro motivo"]
    # Another content is another story.
    clinic.model("clientes", [cliente(1, bairro="Jardins")])
    clinic.control.next_faults(
        PlannedFault("fault_in_200", integration_code="PAC-1", text="ERROR: Tag [CNPJ_CPF] ruim!")
    )
    assert terminal("push", "clientes").code == 3
    (line,) = terminal("rejected", "--json").lines
    assert (line["first_reason"], line["fields"]) == (None, ["cnpj_cpf"])
    assert "ruim! [campo: CPF ou CNPJ]" in terminal("rejected").out


@pytest.mark.parametrize(
    ("endpoint", "text", "field"),
    [
        ("clientes", "ERROR: Tag [ESTADO] não faz parte da estrutura do tipo complexo!", "estado"),
        ("clientes", "ERROR: O tamanho da tag [endereco] é maior que 60!", "endereco"),
        ("contas_receber", "Valor inválido para a tag [VALOR_DOCUMENTO]!", "valor_documento"),
        ("ordens_servico", "ERROR: Informe a Tag [nCodOS]!", "Cabecalho.nCodOS"),
        ("clientes", "ERROR: Cliente já cadastrado para o CPF [529.982.247-25]!", ""),
        ("clientes", "ERROR: Lançamento não cadastrado para o Código [123] !", ""),
    ],
)
def test_the_field_of_a_fault_is_found(endpoint: str, text: str, field: str) -> None:
    assert field_in_fault(REGISTRY[endpoint], text) == field


@pytest.mark.slow
def test_status_shows_what_concerns_and_fits(terminal: Terminal, pushed: World) -> None:
    shown = terminal("status")
    assert max(map(len, shown.out.splitlines())) <= 100
    assert "clientes" in shown.out
    assert "contas_pagar" not in shown.out
    assert "excluídas" not in shown.out, "a column of zeros"
    assert "omie-pipeline status --all" in shown.out
    everything = terminal("status", "--all").out
    assert max(map(len, everything.splitlines())) <= 100
    for name in ("contas_pagar", "movimentacoes"):
        assert name in everything
    assert "--all" not in everything
    assert "contas_pagar" in terminal("status", "--endpoint", "contas_pagar").out


@pytest.mark.slow
def test_history_has_a_line_for_each_sync(terminal: Terminal, pushed: World) -> None:
    assert "Algo errado" in terminal("history").out, "why a row was refused"
    pushed.model("contas_receber", [titulo(1)])
    pushed.model("clientes", [cliente(1), cliente(4)])
    assert terminal("push", "clientes", "contas_receber").code == 0
    assert terminal("push", "clientes", "--dry-run").code == 0
    said = terminal("history")
    lines = [line for line in said.out.splitlines() if " envio " in line]
    assert max(map(len, said.out.splitlines())) <= 100
    assert len(lines) == 3
    assert "clientes" in lines[0]
    assert "simulação" in lines[0]
    assert "2 endpoints" in lines[1]
    assert "2 entregues" in " ".join(said.out.split())
    assert "--details" in said.out
    details = terminal("history", "--details").out
    assert len([line for line in details.splitlines() if " envio " in line]) >= 4
    assert len(terminal("history", "--json").lines) >= 4
    last = terminal("history", "--limit", "1").out
    assert last.count(" cli ") == 1
