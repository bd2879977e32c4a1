"""Records that stand here already are known by their digest, and nothing that differs is missed."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.decimal_json import dumps
from omie_pipeline.errors import Broken
from omie_pipeline.imports import merge as merging
from omie_pipeline.imports import page_sql
from omie_pipeline.imports.merge import open_pass
from omie_pipeline.imports.records import (
    Records,
    RecordTexts,
    WrongSplit,
    parse_texts,
    records_of,
)
from omie_pipeline.imports.report import ImportProgress, ImportRequest
from omie_pipeline.imports.run import Importer
from tests.imports.mirrored import EVERYTHING, NOON, ids, later, merge, page, stored
from tests.imports.titles import info, seed, title
from tests.push.world import EMPRESA, World

DAY = date(2026, 1, 3)
NAME = "contas_receber"
AGAIN = NOON + timedelta(hours=1)


def receivable(number: int, **changes: Any) -> dict[str, Any]:
    return {"codigo_lancamento_omie": number, **title(number, DAY), **changes}


def counts(done: Any) -> tuple[int, int, int, int]:
    return done.records, done.first_seen, done.inserted, done.updated


def body(records: list[dict[str, Any]], name: str = NAME) -> str:
    return dumps({MIRROR[name].array: records})


@pytest.fixture
def merges(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records of each page went through the whole merge."""
    numbers: list[int] = []
    whole = merging.Pass._written

    def counted(self: Any, records: Records, taken: list[int], values: dict[str, Any]) -> Any:
        numbers.append(len(taken))
        return whole(self, records, taken, values)

    monkeypatch.setattr(merging.Pass, "_written", counted)
    return numbers


def test_only_what_differs_is_merged(engine: sa.Engine, merges: list[int]) -> None:
    records = [receivable(number) for number in range(1, 6)]
    assert counts(merge(engine, NAME, records)) == (5, 5, 5, 0)
    merges.clear()
    assert counts(merge(engine, NAME, records, asked_at=AGAIN)) == (5, 5, 0, 0)
    assert merges == []
    changed = [*records[:2], receivable(3, valor_documento=9), *records[3:], receivable(6)]
    assert counts(merge(engine, NAME, changed, asked_at=AGAIN)) == (6, 6, 1, 1)
    assert merges == [2]
    rows = stored(engine, NAME)
    assert [row["valor_documento"] for row in rows] == [1, 2, 9, 4, 5, 6]
    assert [row["lido_em"] == AGAIN for row in rows] == [False, False, True, False, False, True]


@pytest.mark.parametrize("name", sorted(MIRROR))
def test_every_list_is_known_again(world: World, name: str, merges: list[int]) -> None:
    keys = seed(world, 2, DAY, valor_documento=100)
    seed(world, 2, DAY, "contas_pagar")
    world.control.settle("contas_receber", keys[0], value=33)
    world.control.lancar_em_conta(9100000001, -5)
    world.control.seed("clientes", [{"razao_social": "A & B"}, {"razao_social": "C"}])
    world.control.issue_note("notas_servico", 10)
    world.control.issue_note("notas_produto", 20)
    first = world.import_table(name)
    later(world, minutes=2)
    before = stored_rows(world, name)
    merges.clear()
    again = world.import_table(name)
    assert (again.complete, again.read, again.unchanged) == (True, first.read, first.read)
    assert sum(merges) == 0
    assert stored_rows(world, name) == before


def stored_rows(world: World, name: str) -> list[Any]:
    return world.rows(f"SELECT * FROM omie.{MIRROR[name].table} ORDER BY 1, 2, 3")


def test_a_row_that_went_and_one_that_came_back_are_noticed(world: World) -> None:
    keys = seed(world, 6, DAY)
    world.import_table(NAME, date_from=DAY, date_to=DAY)
    later(world, minutes=2)
    world.control.delete(NAME, keys[2])
    report = world.import_table(NAME, date_from=DAY, date_to=DAY)
    assert (report.excluded, report.unchanged, report.complete) == (1, 5, True)
    assert ids(world, excluded=True) == [keys[2]]
    ((count,),) = world.rows("SELECT total_omie FROM omie_sync.import_partition")
    assert count == 5


def test_an_excluded_row_whose_record_is_the_same_comes_back(engine: sa.Engine) -> None:
    records = [receivable(1)]
    merge(engine, NAME, records)
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE omie.contas_receber SET excluido_em = :at"), {"at": NOON}
        )
    assert counts(merge(engine, NAME, records, asked_at=AGAIN)) == (1, 1, 0, 1)
    assert stored(engine, NAME)[0]["excluido_em"] is None


def test_what_is_young_is_young_also_if_it_is_known(engine: sa.Engine) -> None:
    born = {"dInc": "05/01/2026", "hInc": "09:30:00", "uInc": "P1"}
    records = [receivable(1, info=born)]
    merge(engine, NAME, records)
    mirror = MIRROR[NAME]
    at = datetime.fromisoformat("2026-01-05T09:30:00-03:00")
    with open_pass(engine, mirror, EMPRESA, at, EVERYTHING) as one:
        done = one.merge(page(NAME, body(records)), at)
    assert (done.young, done.updated) == (1, 0)


def test_a_record_that_the_ledger_comes_to_know_is_ours_although_it_is_the_same(
    engine: sa.Engine,
) -> None:
    records = [receivable(1)]
    merge(engine, NAME, records)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO omie_sync.ledger (empresa, endpoint, codigo_integracao, state,"
                " omie_id, created_here, run_id, partition) VALUES ('principal',"
                " 'contas_receber', 'REC-1', 'confirmed', 1, true, 'r', '2026-01-03')"
            )
        )
    assert counts(merge(engine, NAME, records, asked_at=AGAIN)) == (1, 1, 0, 1)
    row = stored(engine, NAME)[0]
    assert (row["feito_por"], row["ledger_codigo"]) == ("omie_pipeline", "REC-1")
    assert counts(merge(engine, NAME, records, asked_at=AGAIN)) == (1, 1, 0, 0)


def test_a_change_of_our_own_rules_fills_a_row_anew(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same record under another version is not known again, and its columns are made anew."""
    records = [receivable(1), receivable(2)]
    merge(engine, NAME, records)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE omie.contas_receber SET valor_documento = NULL"))
    assert counts(merge(engine, NAME, records, asked_at=AGAIN)) == (2, 2, 0, 0)
    monkeypatch.setattr("tests.imports.mirrored.typing_version", lambda _: "another")
    assert counts(merge(engine, NAME, records, asked_at=AGAIN)) == (2, 2, 0, 2)
    assert [row["valor_documento"] for row in stored(engine, NAME)] == [1, 2]


def test_the_version_follows_declaration_casts_and_functions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mirror = MIRROR["baixas"]
    versions = {page_sql._typing_version(mirror)}
    assert versions == {page_sql.typing_version(mirror)}, "the same each time"
    monkeypatch.setattr(page_sql, "_NUMBER", r"^\d+$")
    versions.add(page_sql._typing_version(mirror))
    monkeypatch.setattr(page_sql, "function_text", lambda _: "another")
    versions.add(page_sql._typing_version(mirror))
    assert len(versions) == 3
    assert len({page_sql.typing_version(one) for one in MIRROR.values()}) == len(MIRROR)


def test_a_change_of_our_own_rules_fills_the_rows_inside_anew(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [settled(1, 11), settled(2, 12)]
    merge(engine, "baixas", records)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE omie.baixas SET natureza = NULL WHERE valor = 1"))
    monkeypatch.setattr("tests.imports.mirrored.typing_version", lambda _: "another")
    assert merge(engine, "baixas", records, asked_at=AGAIN).updated == 2
    assert [row["natureza"] for row in stored(engine, "baixas")] == ["R", "R"]


def settled(number: int, *baixas: int) -> dict[str, Any]:
    """A título as the list of settlements shows it."""
    head = {"nCodTitulo": number, "info": info(DAY)}
    return {
        "cabecTitulo": head,
        "lancamentos": [{"nCodLanc": b, "nValLanc": 1, "cNatureza": "R"} for b in baixas],
    }


@pytest.mark.parametrize(("true", "other"), [(1, 2), (2, 1)])
@pytest.mark.parametrize("deleted", [False, True])
def test_a_baixa_that_stood_elsewhere_for_a_while_comes_back(
    engine: sa.Engine, *, true: int, other: int, deleted: bool
) -> None:
    """Its own título is the same as ever, and was not looked into."""
    merge(engine, "baixas", [settled(true, 11), settled(other, 12), settled(3, 13)])
    mirror = MIRROR["baixas"]
    behind, now, last = (NOON + timedelta(hours=hours) for hours in (1, 2, 3))
    merge(engine, "baixas", [settled(other, 11, 12)], asked_at=behind)
    answer = [settled(true, 11), settled(3, 13)] + ([] if deleted else [settled(other, 12)])
    with open_pass(engine, mirror, EMPRESA, now, EVERYTHING) as one:
        one.merge(page("baixas", body(answer, "baixas")), now)
        one.mark_excluded(DAY, DAY)
    assert alive(engine)[13] == 3
    assert 11 not in alive(engine)
    assert merge(engine, "baixas", answer, asked_at=last).updated == 1, "only where it stood"
    assert alive(engine) == {11: true, 13: 3} | ({} if deleted else {12: other})
    assert merge(engine, "baixas", answer, asked_at=last + timedelta(hours=1)).updated == 0


def alive(engine: sa.Engine) -> dict[int, int]:
    """The título of each baixa that is here."""
    rows = [row for row in stored(engine, "baixas") if row["excluido_em"] is None]
    return {row["codigo_baixa"]: row["codigo_titulo"] for row in rows}


def test_a_row_from_before_the_digest_is_filled_once_more(engine: sa.Engine) -> None:
    records = [receivable(1)]
    merge(engine, NAME, records)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE omie.contas_receber SET impressao = NULL"))
    assert counts(merge(engine, NAME, records, asked_at=AGAIN)) == (1, 1, 0, 1)
    assert counts(merge(engine, NAME, records, asked_at=AGAIN)) == (1, 1, 0, 0)


def test_a_new_field_is_told_as_long_as_rows_have_it(world: World) -> None:
    seed(world, 2, DAY)
    world.control.set_behaviour(
        extra_fields={"ListarContasReceber": {"novo_campo": "x", "info.cNovo": 1}}
    )
    for _ in range(3):
        report = world.import_table(NAME, date_from=DAY, date_to=DAY)
        assert report.new_fields == ("info.cNovo", "novo_campo")
        later(world, minutes=2)
    assert report.unchanged == 2
    world.control.set_behaviour(extra_fields={})
    report = world.import_table(NAME, date_from=DAY, date_to=DAY)
    assert (report.updated, report.new_fields) == (2, ())


class _Killed(BaseException):
    """Stands for a process that ends."""


def _killed(*_: object) -> None:
    raise _Killed


@pytest.mark.parametrize("readings", [1, 120])
def test_a_new_field_of_a_reading_that_was_killed_is_told(world: World, readings: int) -> None:
    """Its rows are known again by all that follow, of which any number told nothing."""
    seed(world, 2, DAY)
    extra = {"ListarContasReceber": {"novo_campo": "x", "info.cNovo": 1}}
    world.control.set_behaviour(extra_fields=extra)
    progress = ImportProgress(on_rows=_killed)
    request = ImportRequest(EMPRESA, "full", DAY)
    with pytest.raises(_Killed):
        Importer(world.engine, world.client, world.time, progress).run(MIRROR[NAME], request)
    with world.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO omie_sync.import_run (run_id, empresa, table_name, mode, trigger,"
                " state, started_at, counts) SELECT 'r' || n, 'principal', 'contas_receber',"
                " 'full', 'cli', 'done', :now, '{\"new_fields\": []}'"
                " FROM generate_series(2, :readings) AS n"
            ),
            {"now": world.clock.now() + timedelta(minutes=1), "readings": readings},
        )
    later(world, minutes=2)
    report = world.import_table(NAME, date_from=DAY, date_to=DAY)
    assert report.unchanged == 2
    assert report.new_fields == ("info.cNovo", "novo_campo")


# Texts of records, split or scanned.

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | _TEXT
    | st.sampled_from(["},{", '{"id":1}', "}]", '","id":', "\\"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "lista", "x"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
_RECORDS = st.lists(
    st.builds(lambda rest: {"id": 7, **rest}, st.dictionaries(_TEXT, _VALUES, max_size=4))
    | st.dictionaries(_TEXT, _VALUES, max_size=3)
    | st.none(),
    max_size=5,
)


@pytest.mark.slow
@given(
    records=_RECORDS,
    spaced=st.booleans(),
    ascii_=st.booleans(),
    after=st.booleans(),
    counted=st.booleans(),
)
def test_the_texts_are_the_records(
    *, records: list[Any], spaced: bool, ascii_: bool, after: bool, counted: bool
) -> None:
    told = {"total": len(records), **({"registros": len(records)} if counted else {})}
    whole: dict[str, Any] = {"lista": records, **told} if after else {**told, "lista": records}
    separators = None if spaced else (",", ":")
    text = json.dumps(whole, separators=separators, ensure_ascii=ascii_)
    parsed = parse_texts("lista")(text)
    assert parsed is not None
    found = parsed["lista"]
    assert isinstance(found, RecordTexts)
    assert {**parsed, "lista": records} == whole
    listed = Records(MIRROR[NAME], "v", found)
    try:
        listed.parse(range(len(listed)))
    except WrongSplit:
        listed = listed.rescanned()
    assert [json.loads(one) for one in listed.texts] == records


@pytest.mark.slow
@given(records=_RECORDS, cut=st.integers(1, 200), counted=st.booleans())
def test_what_was_cut_off_is_never_taken_for_whole(
    records: list[Any], cut: int, *, counted: bool
) -> None:
    told = {"total": len(records), **({"registros": len(records)} if counted else {})}
    text = json.dumps({**told, "lista": records}, separators=(",", ":"))
    assert parse_texts("lista")(text[: max(1, len(text) - cut)]) is None


def test_a_list_that_is_broken_in_its_middle_is_no_answer() -> None:
    good = body([receivable(1), receivable(2), receivable(3)])
    broken = good.replace('"valor_documento":2', '"valor_documento":,2')
    assert broken != good
    listed = page(NAME, broken)
    with pytest.raises(WrongSplit):
        listed.parse(range(len(listed)))
    with pytest.raises(Broken):
        listed.rescanned()


def test_a_page_broken_in_its_middle_changes_nothing(engine: sa.Engine) -> None:
    good = body([receivable(1), receivable(2), receivable(3)])
    merge(engine, NAME, good)
    broken = good.replace('"valor_documento":2', '"valor_documento":,2')
    with pytest.raises(Broken):
        merge(engine, NAME, broken, asked_at=AGAIN)
    assert [row["lido_em"] for row in stored(engine, NAME)] == [NOON] * 3


def test_a_key_that_comes_twice_is_for_the_merge(engine: sa.Engine, merges: list[int]) -> None:
    records = [receivable(1), receivable(1), receivable(2)]
    assert counts(merge(engine, NAME, records)) == (2, 2, 2, 0)
    merges.clear()
    assert counts(merge(engine, NAME, records, asked_at=AGAIN)) == (2, 2, 0, 0)
    assert merges == [2]


def test_texts_that_no_database_stores_are_known_again(
    engine: sa.Engine, merges: list[int]
) -> None:
    text = body([receivable(1, observacao="a")]).replace('"a"', '"a\\u0000b"')
    merge(engine, NAME, text)
    merges.clear()
    merge(engine, NAME, text, asked_at=AGAIN)
    assert merges == []
    assert stored(engine, NAME)[0]["observacao"] == "a?b"


def test_an_answer_without_its_list_is_none() -> None:
    with pytest.raises(Broken):
        records_of(MIRROR[NAME], "v", '{"total_de_registros": 0}')
