"""Clinic and a person in Omie edit the same record: who wins, and what is told."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.alerts.conditions import evaluate_alerts
from omie_pipeline.catalog.topics import AUTHOR_API
from omie_pipeline.omie import CallRecord
from omie_pipeline.postgres.tables import events
from omie_pipeline.privacy.erase import erase
from omie_pipeline.privacy.export import export_person
from omie_pipeline.privacy.find import find_person
from omie_pipeline.push.both_sides.compare import alike
from omie_pipeline.push.both_sides.decide import Resolved, WantedConflicts, resolve
from omie_pipeline.push.both_sides.overwritten import after_reading
from omie_pipeline.push.gate import JudgedPlan
from omie_pipeline.push.policy import EndpointPolicy, Policies
from omie_pipeline.push.report import PushReport
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.effects import rows
from tests.push.test_switched import decide, without
from tests.push.world import EMPRESA, World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)


def policy(default: str = "clinica", **fields: str) -> EndpointPolicy:
    return EndpointPolicy.model_validate({"wins": {"default": default, "fields": fields}})


def begin(world: World, wins: EndpointPolicy, *numbers: int) -> None:
    """Deliver clientes and read them, as a clinic does every night."""
    world.model("clientes", [cliente(number) for number in numbers or (1,)])
    assert world.push(policy=wins).total.created == len(numbers or (1,))
    read(world)


def read(world: World) -> None:
    world.clock.sleep(300)
    world.import_table("clientes")
    world.control.clear_calls()


def typed(world: World, code: str = "PAC-1", **fields: Any) -> None:
    """A person types into Omie's own screen."""
    world.clock.sleep(300)
    world.control.edit("clientes", code, fields)


def clinic(world: World, wins: EndpointPolicy, **changes: Any) -> PushReport:
    world.model("clientes", [cliente(1, **changes)])
    return world.push(policy=wins)


def omie(world: World, code: str = "PAC-1") -> dict[str, Any]:
    return dict(world.held_by_omie()[code])


def conflicts(world: World) -> list[tuple[Any, ...]]:
    return [
        tuple(row)
        for row in world.rows(
            "SELECT field, state, clinic_old #>> '{}', clinic_new #>> '{}', omie_old #>> '{}',"
            " omie_new #>> '{}', decided_by FROM omie_sync.conflict ORDER BY conflict_id"
        )
    ]


def test_omie_wins_where_a_person_changed_it_and_the_rest_is_sent(world: World) -> None:
    wins = policy(email="omie")
    begin(world, wins)
    typed(world, email="certo@omie.com.br")
    read(world)
    report = clinic(world, wins, email="novo@clinica.com.br", bairro="Sé")
    assert (report.total.updated, report.closes) == (1, True)
    assert (omie(world)["email"], omie(world)["bairro"]) == ("certo@omie.com.br", "Sé")
    (call,) = world.control.calls()
    assert (call.method, "email" in call.param) == ("AlterarCliente", False)
    assert conflicts(world) == [
        ("email", "kept_omie", "p1@exemplo.com.br", "novo@clinica.com.br", "p1@exemplo.com.br",
         "certo@omie.com.br", None)
    ]  # fmt: skip
    # It is not tried again, and nobody is told twice.
    read(world)
    assert clinic(world, wins, email="novo@clinica.com.br", bairro="Sé").total.unchanged == 1
    assert clinic(world, wins, email="novo@clinica.com.br", bairro="Lapa").total.updated == 1
    assert (omie(world)["email"], len(conflicts(world))) == ("certo@omie.com.br", 1)


def test_what_was_kept_stays_however_often_the_clinic_changes(world: World) -> None:
    wins = policy(email="omie")
    begin(world, wins)
    typed(world, email="certo@omie.com.br")
    read(world)
    clinic(world, wins, email="novo@clinica.com.br")
    clinic(world, wins, email="outro@clinica.com.br", bairro="Sé")
    assert (omie(world)["email"], omie(world)["bairro"]) == ("certo@omie.com.br", "Sé")
    assert [(one[0], one[1], one[3]) for one in conflicts(world)] == [
        ("email", "kept_omie", "novo@clinica.com.br"),
        ("email", "kept_omie", "outro@clinica.com.br"),
    ]


def test_what_is_left_out_alone_needs_no_call(world: World) -> None:
    wins = policy(email="omie")
    begin(world, wins)
    typed(world, email="certo@omie.com.br")
    read(world)
    report = clinic(world, wins, email="novo@clinica.com.br")
    assert (report.total.unchanged, report.total.calls, report.closes) == (1, 0, True)
    assert clinic(world, wins, email="novo@clinica.com.br").total.unchanged == 1
    assert world.control.calls() == ()


@pytest.mark.slow
def test_only_the_clinic_changed_and_it_is_sent_whoever_wins(world: World) -> None:
    wins = policy("pessoa", email="omie", bairro="so_se_vazio")
    begin(world, wins)
    report = clinic(world, wins, email="novo@clinica.com.br", cep="01002-000")
    assert report.total.updated == 1
    assert omie(world)["email"] == "novo@clinica.com.br"
    assert conflicts(world) == []


def test_the_clinic_wins_and_what_it_replaces_is_told(world: World) -> None:
    wins = policy("clinica")
    begin(world, wins)
    typed(world, email="certo@omie.com.br")
    read(world)
    assert clinic(world, wins, bairro="Sé").total.updated == 1
    assert omie(world)["email"] == "p1@exemplo.com.br"
    assert [one[:2] for one in conflicts(world)] == [("email", "kept_clinica")]


def test_only_where_omie_has_nothing(world: World) -> None:
    wins = policy("clinica", observacao="so_se_vazio", contato="so_se_vazio")
    begin(world, wins)
    typed(world, observacao="Prefere a tarde")
    read(world)
    report = clinic(world, wins, observacao="Prefere a manhã", bairro="Sé")
    assert report.total.updated == 1
    assert omie(world)["observacao"] == "Prefere a tarde"
    typed(world, observacao="")
    read(world)
    assert clinic(world, wins, observacao="Ligar antes", bairro="Sé").total.updated == 1
    assert omie(world)["observacao"] == "Ligar antes"


def test_a_person_decides_and_nothing_is_sent_before(world: World) -> None:
    wins = policy("pessoa")
    begin(world, wins)
    typed(world, email="certo@omie.com.br")
    read(world)
    report = clinic(world, wins, email="novo@clinica.com.br", bairro="Sé")
    assert (report.total.quarantined, report.total.calls, report.closes) == (1, 0, True)
    ((reasons,),) = world.rows("SELECT reasons FROM omie_sync.quarantine")
    assert [(one["rule"], one["field"]) for one in reasons] == [("conflict", "email")]
    assert [one[:2] for one in conflicts(world)] == [("email", "open")]
    # Again, and it is the same one.
    clinic(world, wins, email="novo@clinica.com.br", bairro="Sé")
    assert [one[:2] for one in conflicts(world)] == [("email", "open")]
    # The clinic takes its change back.
    assert clinic(world, wins).total.unchanged == 1
    assert [one[:2] for one in conflicts(world)] == [("email", "gone")]


@pytest.mark.slow
def test_a_stale_copy_costs_one_read_and_a_new_one_none(world: World) -> None:
    wins = policy("omie")
    begin(world, wins)
    typed(world, email="certo@omie.com.br")
    world.control.clear_calls()
    world.clock.sleep(7200)
    assert clinic(world, wins, email="novo@clinica.com.br", bairro="Sé").total.updated == 1
    assert world.methods_called() == ["ConsultarCliente", "AlterarCliente"]
    assert omie(world)["email"] == "certo@omie.com.br"


def test_what_omie_makes_of_a_value_is_no_change(world: World) -> None:
    wins = policy("pessoa")
    begin(world, wins)
    world.control.edit("clientes", "PAC-1", {"email": "P1@EXEMPLO.COM.BR", "info": {}})
    assert clinic(world, wins, bairro="Sé").total.updated == 1
    assert conflicts(world) == []


@pytest.mark.parametrize(
    ("field", "ours", "theirs"),
    [
        ("razao_social", "ANA SOUZA", "Ana Souza"),
        ("nome_fantasia", "Ana Souza ME", "Ana Souza - ME"),
        ("email", "anasouza@exemplo.com.br", "ana.souza@exemplo.com.br"),
        ("email", "ANA@exemplo.com.br", "ana@exemplo.com.br"),
        ("endereco_numero", "0100", "100"),
    ],
)
@pytest.mark.parametrize("word", ["omie", "pessoa", "clinica", "so_se_vazio"])
def test_what_a_person_wrote_otherwise_is_theirs(
    world: World, field: str, ours: str, theirs: str, word: str
) -> None:
    """The writing that Omie showed is known: another one is a person's, however alike."""
    wins = policy("clinica", **{field: word})
    world.model("clientes", [cliente(1, **{field: ours})])
    assert world.push(policy=wins).total.created == 1
    read(world)
    after_reading(world.engine, EMPRESA, "clientes", "r1", world.clock.now())
    typed(world, **{field: theirs})
    read(world)
    report = clinic(world, wins, **{field: ours}, bairro="Sé")
    assert report.closes
    if word == "pessoa":
        assert (report.total.quarantined, report.total.calls) == (1, 0)
    else:
        assert report.total.updated == 1
    assert omie(world)[field] == (ours if word == "clinica" else theirs)
    state = {"pessoa": "open", "clinica": "kept_clinica"}.get(word, "kept_omie")
    assert [one[:6] for one in conflicts(world)] == [(field, state, ours, ours, ours, theirs)]
    if word == "pessoa":
        return
    # Nor is it written over when the clinic writes the same in a third way.
    read(world)
    again = clinic(world, wins, **{field: f" {ours.swapcase()}"}, bairro="Lapa")
    assert (again.total.updated, again.closes) == (1, True)
    if word != "clinica":
        assert omie(world)[field] == theirs


@pytest.mark.parametrize(
    ("name", "clinic", "omie", "same"),
    [
        ("razao_social", "Ana Souza", "ANA SOUZA", True),
        ("numero_documento", "0012", "12", True),
        ("email", "Ana@x.com", "ana@x.com", True),
        ("email", "ana.souza@x.com", "anasouza@x.com", False),
        ("email", "ana+nf@x.com", "ananf@x.com", False),
        ("email_fatura", "a_b@x.com", "ab@x.com", False),
        ("homepage", "a-b.com", "ab.com", False),
        ("cChavePix", "ana.s@x.com", "anas@x.com", False),
    ],
)
def test_the_signs_of_an_address_are_part_of_it(
    name: str, clinic: str, omie: str, same: bool
) -> None:
    assert alike(clinic, omie, name) is same


@pytest.mark.slow
def test_an_answer_that_was_lost_loses_no_word(world: World) -> None:
    wins = policy("clinica", email="omie")
    begin(world, wins)
    typed(world, email="certo@omie.com.br", bairro="Centro Velho")
    read(world)
    world.control.next_faults(PlannedFault("cut_after_commit", method="AlterarCliente"))
    world.control.set_behaviour(stale_reads_seconds=30)
    crash_after(world, "AlterarCliente")
    with pytest.raises(_Crash):
        clinic(world, wins, email="novo@clinica.com.br", bairro="Sé")
    world.on_call = None
    assert world.open_intents() == 1
    world.clock.sleep(300)
    report = clinic(world, wins, email="novo@clinica.com.br", bairro="Sé")
    assert (report.total.updated, report.closes, world.open_intents()) == (1, True, 0)
    assert (omie(world)["email"], omie(world)["bairro"]) == ("certo@omie.com.br", "Sé")
    told = {one[0]: one[1] for one in conflicts(world)}
    assert told == {"email": "kept_omie", "bairro": "kept_clinica"}
    assert clinic(world, wins, email="novo@clinica.com.br", bairro="Sé").total.unchanged == 1


class _Crash(BaseException):
    """Stands for a process that ends before an answer is written down."""


def crash_after(world: World, method: str) -> None:
    def end(call: CallRecord) -> None:
        if call.method == method:
            raise _Crash

    world.on_call = end


def test_a_settled_title_says_both(world: World) -> None:
    wins = policy("pessoa")
    world.confirmed(1)
    world.read_references()
    world.model("contas_receber", [titulo(1, observacao="Sinal")])
    world.push("contas_receber", policy=wins)
    world.model("baixas_receber", [rows.baixa(1)], rows.columns_of("baixas_receber"))
    assert world.push("baixas_receber").total.created == 1
    world.clock.sleep(300)
    world.control.edit("contas_receber", "REC-1", {"observacao": "Paga em dinheiro"})
    world.clock.sleep(300)
    world.import_table("contas_receber")
    world.control.clear_calls()
    world.model("contas_receber", [titulo(1, observacao="Sinal da cirurgia")])
    report = world.push("contas_receber", policy=wins)
    assert (report.total.quarantined, report.total.calls, report.closes) == (1, 0, True)
    ((reasons,),) = world.rows("SELECT reasons FROM omie_sync.quarantine")
    assert [one["rule"] for one in reasons] == ["titulo_baixado", "conflict"]
    assert [one[:2] for one in conflicts(world)] == [("observacao", "open")]


def announced(world: World, omie_id: int, author: str) -> None:
    """Omie's word of a change of a cliente arrives."""
    with world.engine.begin() as connection:
        connection.execute(
            sa.insert(events).values(
                empresa=EMPRESA,
                message_id=f"m{author}",
                topic="ClienteFornecedor.Alterado",
                received_at=world.clock.now(),
                author=author,
                raw={},
                records={"clientes": [str(omie_id)]},
                tables=["clientes"],
                missing=[],
                state="pending",
            )
        )


def test_the_word_of_our_own_change_is_no_persons(world: World) -> None:
    """Omie announces what we change too, and sometimes before it has answered the call."""
    wins = policy("pessoa")
    begin(world, wins)
    (omie_id,) = (record["codigo_cliente_omie"] for record in world.held_by_omie().values())

    def at_once(call: CallRecord) -> None:
        if call.method in ("UpsertCliente", "AlterarCliente"):
            world.clock.sleep(1)
            announced(world, omie_id, AUTHOR_API)
            world.clock.sleep(1)

    world.on_call = at_once
    assert clinic(world, wins, bairro="Sé").total.updated == 1
    world.on_call = None
    world.clock.sleep(300)
    world.import_table("clientes")
    after_reading(world.engine, EMPRESA, "clientes", "r1", world.clock.now())
    assert conflicts(world) == []


@pytest.mark.slow
def test_what_was_typed_on_the_way_is_told_by_its_event(world: World) -> None:
    wins = policy("pessoa")
    begin(world, wins)
    (omie_id,) = (record["codigo_cliente_omie"] for record in world.held_by_omie().values())

    def somebody_types(call: CallRecord) -> None:
        if call.method == "ConsultarCliente":
            world.clock.sleep(1)
            world.control.edit("clientes", "PAC-1", {"email": "certo@omie.com.br"})
            announced(world, omie_id, "12")
            world.clock.sleep(1)

    world.on_call = somebody_types
    world.clock.sleep(7200)
    assert clinic(world, wins, bairro="Sé").total.updated == 1
    world.on_call = None
    assert omie(world)["email"] == "p1@exemplo.com.br"
    world.clock.sleep(300)
    world.import_table("clientes")
    for _ in range(2):
        after_reading(world.engine, EMPRESA, "clientes", "r1", world.clock.now())
        assert [one[:2] for one in conflicts(world)] == [("*", "overwritten")]
    (alert,) = (
        one
        for one in evaluate_alerts(world.engine, [EMPRESA], Policies(), world.clock.now())
        if one.kind == "overwritten"
    )
    assert "1 registro(s) de clientes" in alert.title
    resolve(world.engine, WantedConflicts(code="PAC-1"), "clinica", "Ana", world.clock.now())
    assert [one[:2] for one in conflicts(world)] == [("*", "kept_clinica")]


@pytest.mark.slow
def test_an_event_makes_the_copy_too_old(world: World) -> None:
    """Omie said that somebody changed the record: what the copy shows is not what stands there."""
    wins = policy("omie")
    begin(world, wins)
    typed(world, email="certo@omie.com.br")
    with world.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO omie_inbox.events (empresa, message_id, topic, received_at, raw,"
                " records, tables, missing, state) SELECT empresa, 'm1', 'x', :now, '{}',"
                " jsonb_build_object('clientes', jsonb_build_array(codigo_cliente_omie::text)),"
                " '{}', '{}', 'pending' FROM omie.clientes"
            ),
            {"now": world.clock.now()},
        )
    assert clinic(world, wins, email="novo@clinica.com.br", bairro="Sé").total.updated == 1
    assert omie(world)["email"] == "certo@omie.com.br"


@pytest.mark.slow
def test_records_without_a_list_are_read_before_their_change(world: World) -> None:
    wins = policy("pessoa", **{"cabecalho.nPrecoUnit": "omie"})
    columns = rows.columns_of("servicos")
    world.model("servicos", [rows.servico(1)], columns)
    assert world.push("servicos", policy=wins).total.created == 1
    world.clock.sleep(300)
    world.control.edit("servicos", "SRV-1", {"cabecalho": {"nPrecoUnit": 120}})
    world.clock.sleep(300)
    world.control.clear_calls()
    changed = rows.servico(1, nPrecoUnit=150, cDescricao="Consulta de retorno")
    world.model("servicos", [changed], columns)
    assert world.push("servicos", policy=wins).total.updated == 1
    assert world.methods_called() == ["ConsultarCadastroServico", "AlterarCadastroServico"]
    head = world.control.records("servicos")[-1]["cabecalho"]
    assert (head["nPrecoUnit"], head["cDescricao"]) == (120, "Consulta de retorno")


@pytest.mark.slow
def test_what_was_delivered_before_is_learnt(world: World) -> None:
    world.model("clientes", [cliente(1), cliente(2)])
    world.push()
    read(world)
    assert world.rows("SELECT 1 FROM omie_sync.base") == []
    wins = policy("pessoa")
    assert world.push(policy=wins).total.unchanged == 2
    typed(world, email="certo@omie.com.br")
    read(world)
    world.model("clientes", [cliente(1, bairro="Sé"), cliente(2, bairro="Sé")])
    report = world.push(policy=wins)
    assert (report.total.quarantined, report.total.updated) == (1, 1)
    assert [one[:5] for one in conflicts(world)] == [
        ("email", "open", "p1@exemplo.com.br", "p1@exemplo.com.br", "p1@exemplo.com.br")
    ]


def test_a_dry_run_shows_what_would_leave_and_writes_no_conflict(world: World) -> None:
    wins = policy("clinica", email="omie")
    begin(world, wins)
    typed(world, email="certo@omie.com.br")
    read(world)
    world.model("clientes", [cliente(1, email="novo@clinica.com.br", bairro="Sé")])
    plans: list[dict[str, Any]] = []

    class Looks:
        """Keeps what the plan would send."""

        def judged(self, found: JudgedPlan) -> list[int]:
            plans.extend(row[0] for row in world.rows("SELECT payload FROM omie_sync.plan"))
            return []

        def guarded(self, found: JudgedPlan, stops: tuple[str, ...]) -> bool:
            return False

    report = world.push(policy=wins, dry_run=True, gate=Looks())
    assert report.would_send == 1
    (payload,) = plans
    assert ("email" in payload, payload["bairro"]) == (False, "Sé")
    assert conflicts(world) == []


@pytest.mark.slow
def test_a_title_keeps_omies_value_and_gets_the_clinics_category(world: World) -> None:
    """Omie takes a category only beside the value: its own is sent."""
    wins = policy("clinica", valor_documento="omie")
    world.confirmed(1)
    world.read_references()
    world.model("contas_receber", [titulo(1)])
    world.push("contas_receber", policy=wins)
    world.clock.sleep(300)
    world.control.edit("contas_receber", "REC-1", {"valor_documento": 140})
    world.clock.sleep(300)
    world.model(
        "contas_receber",
        [titulo(1, valor_documento=Decimal("150.20"), codigo_categoria="1.01.02")],
    )
    report = world.push("contas_receber", policy=wins)
    assert (report.total.updated, report.closes) == (1, True)
    record = world.held_by_omie("contas_receber")["REC-1"]
    assert (record["valor_documento"], record["codigo_categoria"]) == (140, "1.01.02")
    assert [one[:2] for one in conflicts(world)] == [("valor_documento", "kept_omie")]


@pytest.mark.slow
def test_what_somebody_deleted_is_made_anew_whole(world: World) -> None:
    wins = policy("clinica", email="omie")
    begin(world, wins)
    typed(world, email="certo@omie.com.br")
    read(world)
    clinic(world, wins, email="novo@clinica.com.br", bairro="Sé")
    assert omie(world)["email"] == "certo@omie.com.br"
    world.clock.sleep(7200)
    world.control.delete("clientes", "PAC-1")
    report = clinic(world, wins, email="novo@clinica.com.br", bairro="Lapa")
    assert (report.total.delivered, report.closes) == (1, True)
    assert (omie(world)["email"], omie(world)["bairro"]) == ("novo@clinica.com.br", "Lapa")


@pytest.mark.slow
def test_two_people_decide_at_once(world: World) -> None:
    wins = policy("pessoa")
    begin(world, wins)
    typed(world, email="certo@omie.com.br")
    read(world)
    clinic(world, wins, email="novo@clinica.com.br")
    wanted, start = WantedConflicts(code="PAC-1"), threading.Barrier(2)

    def decides(by: str) -> Resolved:
        start.wait()
        return resolve(world.engine, wanted, "omie" if by == "Ana" else "clinica", by, NOW)

    with ThreadPoolExecutor(2) as people:
        done = list(people.map(decides, ["Ana", "Bruno"]))
    (first,) = [one for one in done if one.decided]
    (second,) = [one for one in done if not one.decided]
    assert second.before == first.decided
    assert len(conflicts(world)) == 1


def test_who_decides_the_rest_is_told_what_was_decided_of_the_others(world: World) -> None:
    wins = policy("pessoa")
    begin(world, wins)
    typed(world, email="certo@omie.com.br", bairro="Bela Vista")
    read(world)
    clinic(world, wins, email="novo@clinica.com.br", bairro="Sé")
    resolve(world.engine, WantedConflicts(code="PAC-1", field="email"), "omie", "Ana", NOW)
    done = resolve(world.engine, WantedConflicts(code="PAC-1"), "clinica", "Bruno", NOW)
    assert [one.field for one in done.decided] == ["bairro"]
    assert [(one.field, one.decided_by) for one in done.before] == [("email", "Ana")]


@pytest.mark.slow
def test_both_sides_are_given_out_and_erased(world: World) -> None:
    wins = policy("pessoa")
    begin(world, wins)
    typed(world, email="certo@omie.com.br")
    read(world)
    clinic(world, wins, email="novo@clinica.com.br")
    with world.engine.begin() as connection:
        person = find_person(connection, EMPRESA, code="PAC-1")
        told = {one["table"]: str(one["rows"]) for one in export_person(connection, person)}
        assert "p1@exemplo.com.br" in told["omie_sync.base"]
        assert "novo@clinica.com.br" in told["omie_sync.conflict"]
        erase(connection, person, NOW)
    assert world.rows("SELECT 1 FROM omie_sync.base") == []
    assert "@" not in str(world.rows("SELECT * FROM omie_sync.conflict"))


@pytest.mark.slow
def test_a_contract_is_compared_part_by_part(world: World) -> None:
    wins = policy("pessoa")
    rows.with_service(world)
    columns = rows.columns_of("contratos")
    world.model("contratos", [rows.contrato()], columns)
    assert world.push("contratos", policy=wins).total.created == 1
    world.clock.sleep(300)
    contract = rows.contrato()
    changed = {**contract, "infAdic": {**contract.get("infAdic", {}), "cContato": "Recepção"}}
    world.model("contratos", [changed], columns)
    assert world.push("contratos", policy=wins).total.updated == 1
    assert conflicts(world) == []
    world.clock.sleep(300)
    world.control.edit("contratos", "CTR-1", {"infAdic": {"cContato": "Financeiro"}})
    again = {**changed, "infAdic": {**changed["infAdic"], "cContato": "Gerência"}}
    world.clock.sleep(300)
    world.model("contratos", [again], columns)
    assert world.push("contratos", policy=wins).total.quarantined == 1
    assert [one[:4] for one in conflicts(world)] == [
        ("infAdic.cContato", "open", "Recepção", "Gerência")
    ]


@pytest.mark.parametrize("somebody_types", [False, True])
def test_a_field_that_returns_is_a_persons_only_if_one_typed_it(
    world: World, *, somebody_types: bool
) -> None:
    """What the clinic last gave it is known, though it was not exported for a while."""
    wins = policy("pessoa")
    world.model("clientes", [cliente(1, observacao="Prefere a tarde")])
    assert world.push(policy=wins).total.created == 1
    read(world)
    without(world, "observacao")
    assert clinic(world, wins, observacao="Prefere a tarde", bairro="Sé").total.updated == 1
    if somebody_types:
        typed(world, observacao="Ligar antes")
    read(world)
    after_reading(world.engine, EMPRESA, "clientes", "r1", world.clock.now())
    assert clinic(world, wins, observacao="Prefere a tarde", bairro="Lapa").total.updated == 1
    read(world)
    after_reading(world.engine, EMPRESA, "clientes", "r1", world.clock.now())
    decide(world, "fields", None)
    report = clinic(world, wins, observacao="Prefere a manhã", bairro="Lapa")
    assert report.closes
    assert (report.total.quarantined, report.total.updated) == (
        (1, 0) if somebody_types else (0, 1)
    )
    assert [one[:2] for one in conflicts(world)] == [("observacao", "open")] * somebody_types
    kept = "Ligar antes" if somebody_types else "Prefere a manhã"
    assert omie(world)["observacao"] == kept


def test_what_the_clinic_never_spoke_of_is_not_its_own(world: World) -> None:
    """A column that is new at the clinic: what a person typed into Omie before is told."""
    wins = policy("pessoa")
    begin(world, wins)
    typed(world, observacao="Ligar antes")
    assert clinic(world, wins, bairro="Sé").total.updated == 1
    read(world)
    after_reading(world.engine, EMPRESA, "clientes", "r1", world.clock.now())
    assert clinic(world, wins, bairro="Sé", observacao="Prefere a manhã").total.quarantined == 1
    assert [one[:2] for one in conflicts(world)] == [("observacao", "open")]
