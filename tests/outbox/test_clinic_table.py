"""A table of the clinic's own: by key, never older over newer, and told when it cannot be."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from omie_pipeline.clock import ManualClock
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.outbox import clinic_table
from omie_pipeline.outbox.clinic_table import ClinicTable
from omie_pipeline.outbox.read import COLUMNS, Change, acknowledge, readers
from omie_pipeline.outbox.targets import TargetError, deliver, rewind, target_states
from omie_pipeline.outbox.write import renumber
from omie_pipeline.postgres.tables import change, outbox_target
from tests.docs.pages import ROOT, blocks
from tests.outbox.conftest import CHANGE, House, fill
from tests.push.world import EMPRESA

PAGE = ROOT / "docs" / "way-back.md"
VARIABLE = "CLINICA_SUL_RETORNO_URL"


def table_of(kind: str) -> str:
    """The page's CREATE TABLE for a database."""
    (text,) = (one for one in blocks(PAGE, kind) if one.startswith("CREATE TABLE omie_retorno"))
    return text.split(";")[0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A clinic's SQLite with the table of the page, and another one that nobody touches."""
    found = tmp_path / "clinica.db"
    with sqlite3.connect(found) as connection:
        connection.execute(table_of("sqlite"))
    return found


def at(file: Path, name: str = "omie_retorno") -> ClinicTable:
    return ClinicTable(SecretStr(f"sqlite:///{file}"), name, VARIABLE)


def rows(file: Path, columns: str = "kind, omie_id, number, state") -> list[tuple[object, ...]]:
    with sqlite3.connect(file) as connection:
        return connection.execute(f"SELECT {columns} FROM omie_retorno ORDER BY 1, 2").fetchall()


def test_a_change_is_written_whole_and_exact(file: Path) -> None:
    assert at(file).deliver([CHANGE]) == 7
    (found,) = rows(file, ", ".join(f'"{name}"' for name in COLUMNS))
    by_name = dict(zip(COLUMNS, found, strict=True))
    assert by_name["amount"] == "150.10"
    assert (by_name["due_date"], by_name["only_in_omie"]) == ("2026-02-05", 0)
    assert by_name["written_at"] == "2026-01-05 13:00:00+00:00"


def test_an_older_change_never_overwrites_a_newer_one(file: Path) -> None:
    table = at(file)
    newer = replace(CHANGE, number=9, version=2, state="paid")
    table.deliver([CHANGE, newer])
    for late in ([CHANGE], [newer], [CHANGE, newer]):
        table.deliver(late)
        assert rows(file) == [("contas_receber", 11, 9, "paid")]
    other = replace(CHANGE, empresa="outra", number=2, state="open")
    table.deliver([other])
    assert len(rows(file)) == 2


def kept_out(table: ClinicTable, told: str, *changes: Change) -> None:
    """The table says that it did not become what was written, and which columns differ."""
    with pytest.raises(TargetError, match="não ficou com o que escrevi") as caught:
        table.deliver(changes or [CHANGE])
    assert f"({told})" in str(caught.value)
    assert "REC-1" not in str(caught.value)


WITHOUT = "linhas que faltam: 1; colunas com outro valor: –"
NEWER = replace(CHANGE, number=9, version=2, state="paid")


def other_values(columns: str) -> str:
    return f"linhas que faltam: 0; colunas com outro valor: {columns}"


IGNORES = "BEGIN SELECT RAISE(IGNORE); END"
CUTS = "BEGIN UPDATE omie_retorno SET amount = '150', state = upper(state); END"


@pytest.mark.parametrize(
    ("trigger", "told"),
    [
        (f"BEFORE INSERT ON omie_retorno {IGNORES}", WITHOUT),
        (f"AFTER INSERT ON omie_retorno {CUTS}", other_values("state, amount")),
    ],
)
def test_a_row_that_sqlite_drops_or_changes_is_not_delivered(
    engine: sa.Engine, clock: ManualClock, file: Path, trigger: str, told: str
) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(f"CREATE TRIGGER theirs {trigger}")
    kept_out(at(file), told)
    fill(engine, 3)
    done = deliver(engine, EMPRESA, at(file), clock)
    assert (done.state, done.sent, done.number) == ("failed", 0, 0)
    assert rows(file) == []
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TRIGGER theirs")
    assert deliver(engine, EMPRESA, at(file), clock, at_once=True).sent == 3


def test_an_update_that_sqlite_drops_is_not_delivered(file: Path) -> None:
    at(file).deliver([CHANGE])
    with sqlite3.connect(file) as connection:
        connection.execute(f"CREATE TRIGGER theirs BEFORE UPDATE ON omie_retorno {IGNORES}")
    kept_out(at(file), other_values("number, version, state"), NEWER)
    assert rows(file) == [("contas_receber", 11, 7, "partly_paid")]


def test_columns_of_another_type_are_good_while_they_hold_the_value(tmp_path: Path) -> None:
    """SQLite makes a number of a text where the column wants one."""
    file = tmp_path / "outra.db"
    made = table_of("sqlite").replace("amount text", "amount numeric")
    with sqlite3.connect(file) as connection:
        connection.execute(made.replace("note_number text", "note_number char(20)"))
    at(file).deliver([CHANGE])
    assert rows(file, "amount, 1") == [(150.1, 1)]


def test_a_row_that_somebody_changed_is_as_told_after_a_rewind(
    engine: sa.Engine, clock: ManualClock, file: Path
) -> None:
    fill(engine, 2)
    deliver(engine, EMPRESA, at(file), clock)
    before = rows(file)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE omie_retorno SET state = 'x'")
    rewind(engine, EMPRESA, "table", 0)
    assert deliver(engine, EMPRESA, at(file), clock).sent == 2
    assert rows(file) == before


@pytest.mark.parametrize("lost", ["rows", "copy", "table"])
def test_a_table_that_lost_what_arrived_gets_it_again(
    engine: sa.Engine, clock: ManualClock, file: Path, lost: str
) -> None:
    """Emptied, put back from an old copy, or another table by the name in the YAML: with the next
    change it gets all that it does not show, and nobody has to know of ``rewind``."""
    fill(engine, 3)
    deliver(engine, EMPRESA, at(file), clock)
    name = "omie_retorno"
    with sqlite3.connect(file) as connection:
        if lost == "rows":
            connection.execute("DELETE FROM omie_retorno")
        elif lost == "copy":
            connection.execute("DELETE FROM omie_retorno WHERE number > 1")
        else:
            name = "outra"
            connection.execute(table_of("sqlite").replace("omie_retorno", name))
    fill(engine, 1)
    done = deliver(engine, EMPRESA, at(file, name), clock)
    assert (done.state, done.sent, done.number) == ("done", 3 if lost == "copy" else 4, 4)
    with sqlite3.connect(file) as connection:
        found = connection.execute(f"SELECT number FROM {name} ORDER BY 1").fetchall()
    assert found == [(1,), (2,), (3,), (4,)]
    fill(engine, 1)
    assert deliver(engine, EMPRESA, at(file, name), clock).sent == 1


def test_behind_counts_changes_and_not_numbers(engine: sa.Engine, clock: ManualClock) -> None:
    """After a gap that ``renumber`` left, nobody is said to lack changes that never were."""
    fill(engine, 2)
    acknowledge(engine, EMPRESA, "meu_sistema", 1)
    rewind(engine, EMPRESA, "table", 0)
    renumber(engine, EMPRESA, 500)
    with engine.begin() as connection:
        one = replace(CHANGE, number=501, key="principal/contas_receber/9/501")
        connection.execute(sa.insert(change).values(**asdict(one)))
    (state,), (reader,) = target_states(engine, [EMPRESA]), readers(engine, [EMPRESA])
    assert (state.behind, reader.behind) == (3, 2)
    acknowledge(engine, EMPRESA, "meu_sistema", 2)
    with engine.begin() as connection:
        connection.execute(sa.update(outbox_target).values(number=2))
    (state,), (reader,) = target_states(engine, [EMPRESA]), readers(engine, [EMPRESA])
    assert (state.behind, reader.behind) == (1, 1)
    assert state.behind_since == CHANGE.written_at


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ("CREATE TABLE outra (a)", "não existe no banco da clínica"),
        (table_of("sqlite").replace("state text NOT NULL, ", ""), "faltam colunas.*: state"),
        (
            table_of("sqlite").replace("PRIMARY KEY (empresa, kind, omie_id)", "x text"),
            r"chave primária \(empresa, kind, omie_id\)",
        ),
        (
            table_of("sqlite").replace("PRIMARY KEY", "UNIQUE (clinic_id), PRIMARY KEY"),
            "de nenhuma outra chave única",
        ),
    ],
    ids=["table", "column", "key", "other_key"],
)
def test_a_table_that_is_not_as_it_must_be_gets_nothing(
    tmp_path: Path, made: str, told: str
) -> None:
    file = tmp_path / "errada.db"
    with sqlite3.connect(file) as connection:
        connection.execute(made)
    with pytest.raises(TargetError, match=told):
        at(file).deliver([CHANGE])


def test_an_address_that_leads_nowhere_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=VARIABLE):
        at(tmp_path / "nova.db")
    assert list(tmp_path.iterdir()) == []
    for url in ("oracle://a:senha-do-banco@b/c", "nada", "mysql+nada://a@b/c"):
        with pytest.raises(ConfigurationError) as caught:
            ClinicTable(SecretStr(url), "t", VARIABLE)
        assert "senha-do-banco" not in str(caught.value)


def test_a_locked_table_is_told_and_tried_again_later(
    engine: sa.Engine, clock: ManualClock, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clinic_table, "_WAIT_SECONDS", 0)
    fill(engine, 2)
    holder = sqlite3.connect(file)
    holder.execute("BEGIN EXCLUSIVE")
    done = deliver(engine, EMPRESA, at(file), clock)
    assert (done.state, done.sent) == ("failed", 0)
    assert "bloqueada por outro programa" in (done.error or "")
    holder.close()
    assert deliver(engine, EMPRESA, at(file), clock).state == "waiting"
    (state,) = target_states(engine, [EMPRESA])
    assert (state.behind, state.failures, state.behind_since) == (2, 1, CHANGE.written_at)
    clock.sleep(60)
    done = deliver(engine, EMPRESA, at(file), clock)
    assert (done.state, done.sent, done.number) == ("done", 2, 2)
    (state,) = target_states(engine, [EMPRESA])
    assert (state.behind, state.failing_since, state.error) == (0, None, None)


def test_pauses_grow_to_an_hour(engine: sa.Engine, clock: ManualClock, tmp_path: Path) -> None:
    fill(engine, 2)
    empty = tmp_path / "vazio.db"
    sqlite3.connect(empty).close()
    pauses = []
    for _ in range(8):
        now = clock.now()
        done = deliver(engine, EMPRESA, at(empty), clock)
        assert done.next_at is not None
        pauses.append((done.next_at - now) // timedelta(minutes=1))
        clock.sleep((done.next_at - now).total_seconds())
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_two_processes_never_deliver_to_one_target_at_once(
    engine: sa.Engine, clock: ManualClock, file: Path
) -> None:
    fill(engine, 2)
    held = "SELECT * FROM omie_sync.outbox_target FOR UPDATE"
    deliver(engine, EMPRESA, at(file), clock)
    fill(engine, 1)
    with engine.begin() as other:
        other.exec_driver_sql(held)
        assert deliver(engine, EMPRESA, at(file), clock).state == "busy"
    assert deliver(engine, EMPRESA, at(file), clock).sent == 1


def test_after_a_restored_warehouse_nothing_passes_for_old(house: House, file: Path) -> None:
    """The clinic's table is ahead: numbers that it knows would hide what is new."""
    engine, clock = house.world.engine, house.world.time
    house.deliver(1)
    house.write()
    at(file).deliver([replace(CHANGE, number=500, kind="clientes")])
    done = deliver(engine, EMPRESA, at(file), clock)
    assert (done.state, done.sent) == ("failed", 0)
    assert "outbox renumber --empresa principal --after 500" in (done.error or "")
    assert renumber(engine, EMPRESA, 500) == 500
    assert renumber(engine, EMPRESA, 3) == 500
    assert house.write() == 2
    done = deliver(engine, EMPRESA, at(file), clock, at_once=True)
    assert (done.state, done.number) == ("done", 502)
    assert {row[2] for row in rows(file)} == {500, 501, 502}


class _Killed(BaseException):
    """The process is gone between the delivery and its acknowledgement."""


class _Dying:
    name = "table"
    batch = 2

    def __init__(self, inner: ClinicTable) -> None:
        self._inner = inner

    def check(self) -> None: ...

    def highest(self, empresa: str) -> int:
        return self._inner.highest(empresa)

    def deliver(self, changes: Sequence[Change]) -> int:
        self._inner.deliver(changes)
        raise _Killed


def test_killed_before_the_acknowledgement_it_goes_again_without_effect(
    engine: sa.Engine, clock: ManualClock, file: Path
) -> None:
    fill(engine, 4)
    with pytest.raises(_Killed):
        deliver(engine, EMPRESA, _Dying(at(file)), clock)  # type: ignore[arg-type]
    half = rows(file)
    assert len(half) == 2
    done = deliver(engine, EMPRESA, at(file), clock)
    assert (done.state, done.sent) == ("done", 4)
    assert rows(file)[:2] == half or len(rows(file)) == 4
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM omie_retorno")
    rewind(engine, EMPRESA, "table", 0)
    deliver(engine, EMPRESA, at(file), clock)
    assert len(rows(file)) == 4


@pytest.fixture
def theirs(engine: sa.Engine) -> Iterator[sa.Engine]:
    """A clinic's PostgreSQL: a login with rights on nothing yet, in a schema of the clinic's."""
    name = f"retorno_{secrets.token_hex(4)}"
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA sistema")
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD 'senha-do-banco'")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA sistema TO {name}")
        made = table_of("sql").replace("CREATE TABLE ", "CREATE TABLE sistema.")
        connection.exec_driver_sql(made)
    yield sa.create_engine(engine.url.set(username=name, password="senha-do-banco"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA sistema CASCADE")
        connection.exec_driver_sql(f"DROP ROLE {name}")


def open_there(theirs: sa.Engine) -> ClinicTable:
    url = theirs.url.render_as_string(hide_password=False).replace("+psycopg", "")
    return ClinicTable(SecretStr(url), "sistema.omie_retorno", VARIABLE)


def test_postgresql_takes_it_with_rights_on_that_table_alone(
    engine: sa.Engine, theirs: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clinic_table, "_WAIT_SECONDS", 0.05)
    table = open_there(theirs)
    with pytest.raises(TargetError, match=r"GRANT SELECT, INSERT, UPDATE ON sistema\.omie_retorno"):
        table.deliver([CHANGE])
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"GRANT SELECT, INSERT, UPDATE ON sistema.omie_retorno TO {theirs.url.username}"
        )
    table.deliver([CHANGE, replace(CHANGE, number=8, omie_id=12, happened_at=None)])
    read = "SELECT number, amount, happened_at FROM sistema.omie_retorno ORDER BY number"
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(read)]
    assert found == [(7, Decimal("150.10"), CHANGE.happened_at), (8, Decimal("150.10"), None)]
    with engine.begin() as holder:
        holder.exec_driver_sql("LOCK TABLE sistema.omie_retorno")
        with pytest.raises(TargetError, match="bloqueada"):
            table.deliver([replace(CHANGE, number=9)])
    table.deliver([replace(CHANGE, number=9, state="paid")])
    with engine.connect() as connection:
        assert [row[0] for row in connection.exec_driver_sql(read)] == [8, 9]


FUNCTION = "CREATE FUNCTION sistema.theirs() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {} END$$"
DROPS = FUNCTION.format("RETURN NULL;")
ROUNDS = FUNCTION.format("NEW.paid_amount := round(NEW.paid_amount); RETURN NEW;")
LATER = FUNCTION.format(
    "UPDATE sistema.omie_retorno SET note_number = NULL WHERE number = NEW.number; RETURN NULL;"
)
EACH = "FOR EACH ROW EXECUTE FUNCTION sistema.theirs()"
ON = "ON sistema.omie_retorno"


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (f"{DROPS}; CREATE TRIGGER a BEFORE INSERT {ON} {EACH}", WITHOUT),
        (f"{ROUNDS}; CREATE TRIGGER a BEFORE INSERT {ON} {EACH}", other_values("paid_amount")),
        (
            f"{LATER}; CREATE CONSTRAINT TRIGGER a AFTER INSERT {ON} INITIALLY DEFERRED {EACH}",
            other_values("note_number"),
        ),
        ("CREATE RULE a AS ON INSERT TO sistema.omie_retorno DO INSTEAD NOTHING", WITHOUT),
        (
            "ALTER TABLE sistema.omie_retorno ALTER amount TYPE numeric(15, 0)",
            other_values("amount"),
        ),
    ],
    ids=["trigger", "value", "deferred", "rule", "type"],
)
def test_what_postgresql_keeps_out_is_not_delivered(
    engine: sa.Engine, theirs: sa.Engine, made: str, told: str
) -> None:
    table = open_there(theirs)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"GRANT ALL {ON} TO {theirs.url.username}; {made}")
    kept_out(table, told)
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"SELECT FROM {ON[3:]}").rowcount == 0


def test_an_update_that_a_policy_of_postgresql_hides_is_not_delivered(
    engine: sa.Engine, theirs: sa.Engine
) -> None:
    table = open_there(theirs)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"GRANT ALL {ON} TO {theirs.url.username}")
    table.deliver([CHANGE])
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "ALTER TABLE sistema.omie_retorno ENABLE ROW LEVEL SECURITY; "
            f"CREATE POLICY a {ON} FOR SELECT USING (true); "
            f"CREATE POLICY b {ON} FOR UPDATE USING (state = 'open')"
        )
    kept_out(table, other_values("number, version, state"), NEWER)


def test_what_mariadb_keeps_out_is_not_delivered(mariadb: sa.Engine) -> None:
    with mariadb.begin() as connection:
        connection.exec_driver_sql(
            table_of("mysql").replace("amount decimal(15, 2)", "amount decimal(15, 0)", 1)
        )
    table = ClinicTable(
        SecretStr(mariadb.url.render_as_string(hide_password=False)), "omie_retorno", VARIABLE
    )
    # A sum is rounded with a mere note, in the strictest mode too.
    kept_out(table, other_values("amount"))
    with mariadb.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE omie_retorno MODIFY amount double")
        connection.exec_driver_sql(
            "CREATE TRIGGER a BEFORE UPDATE ON omie_retorno FOR EACH ROW "
            "SET NEW.number = OLD.number, NEW.state = OLD.state"
        )
    table.deliver([CHANGE])
    kept_out(table, other_values("number, state"), replace(NEWER, version=1))


def test_mariadb_takes_it_and_cuts_no_value(mariadb: sa.Engine) -> None:
    with mariadb.begin() as connection:
        connection.exec_driver_sql(table_of("mysql"))
    url = mariadb.url.render_as_string(hide_password=False)
    table = ClinicTable(SecretStr(url), "omie_retorno", VARIABLE)
    table.deliver([CHANGE])
    table.deliver([replace(CHANGE, number=9, state="paid"), replace(CHANGE, number=8)])
    read = "SELECT number, state, amount, happened_at, only_in_omie FROM omie_retorno"
    with mariadb.connect() as connection:
        (found,) = connection.exec_driver_sql(read).all()
    assert tuple(found) == (9, "paid", Decimal("150.10"), datetime(2026, 1, 5, 12), 0)
    with pytest.raises(TargetError, match="recusou um valor"):
        table.deliver([replace(CHANGE, number=10, note_number="9" * 61)])
    with mariadb.begin() as connection:
        connection.exec_driver_sql("DROP TABLE omie_retorno")
    with pytest.raises(TargetError, match="não existe"):
        table.deliver([replace(CHANGE, number=11)])
