"""The SQL functions of the reading macros: loaded with the code, exact, and never guessing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from omie_pipeline.postgres.migrate import load_sql_functions, migrate

ZONE = "America/Sao_Paulo"


@pytest.fixture(scope="module")
def reading(_administration: sa.Engine, postgres_url: str) -> sa.Engine:
    from tests.conftest import TEMPLATE

    url = sa.make_url(postgres_url).set(database=TEMPLATE)
    return sa.create_engine(url, poolclass=sa.NullPool)


def _text(value: str | None) -> sa.ColumnElement[str | None]:
    return sa.literal(value, sa.Text)


@pytest.mark.parametrize(
    ("text", "mark", "declared", "read"),
    [
        ("1.280", None, False, "!ambiguous_number"),
        ("1,280", None, False, "!ambiguous_number"),
        ("1.280", ",", False, "1280"),
        ("1,280", ",", False, "!ambiguous_number"),
        ("1.280", ".", False, "!ambiguous_number"),
        ("1,280", ".", False, "1280"),
        ("1.280", ",", True, "1280"),
        ("1,280", ",", True, "1.2800"),
        ("35.26", ",", True, "35.26"),
        ("1.280", "#", True, "1.2800"),
        ("1e-05", "#", True, "0.00001"),
        ("Infinity", "#", True, "!number"),
        ("R$\u00a01.000,00", None, False, "1000.00"),
        ("1\u202f234,50", None, False, "1234.50"),
        ("(1,00)", None, False, "-1.00"),
        ("1,00-", None, False, "-1.00"),
        ("-R$ 5,00", None, False, "-5.00"),
        ("0.125", None, False, "0.1250"),
        (".50", None, False, "0.50"),
        ("1.234.567", None, False, "1234567"),
        ("1,234.56", None, False, "1234.56"),
        ("1.234.56", None, False, "!number"),
        ("12 34", None, False, "!number"),
        ("1e5", None, False, "!number"),
        ("NaN", None, False, "!number"),
        ("R$ 1.000,0O", None, False, "!number"),
        ("9" * 31, None, False, "!number"),
        ("33.335", "p", True, "33.3350"),
        ("30 %", "p", True, "30"),
    ],
)
def test_a_number(
    reading: sa.Engine, text: str, mark: str | None, declared: bool, read: str
) -> None:
    with reading.connect() as connection:
        query = sa.select(
            sa.func.omie_sync.reading_number(_text(text), _text(mark), declared, _text("VLR"))
        )
        found = connection.scalar(query)
    assert _told(found, text) == read


def _told(found: str, text: str) -> str:
    if not found.startswith("\x01"):
        return found
    _, kind, column, shown = found.split("\x01", 3)
    assert (column, shown) == ("VLR", text)
    return f"!{kind}"


@pytest.mark.parametrize(
    ("text", "order", "century", "read"),
    [
        ("7/2/2026", None, None, "2026-02-07"),
        ("7/2/2026", "mdy", None, "2026-07-02"),
        ("7/2/2026", "?", None, "!ambiguous_date"),
        ("2/25/2026", "?", None, "!ambiguous_date"),
        ("7/7/2026", "?", None, "2026-07-07"),
        ("25/2/2026", "?", None, "2026-02-25"),
        ("05/02/26", None, None, "!two_digit_year"),
        ("05/02/26", None, 2000, "2026-02-05"),
        ("20260207", None, None, "2026-02-07"),
        ("07022026", None, None, "!date"),
        ("31/02/2026", None, None, "!date"),
        ("0000-00-00", None, None, "!date"),
        ("infinity", None, None, "!date"),
        ("0044-03-15 BC", None, None, "!date"),
        ("2026-01-05 25:20", None, None, "!date"),
        ("2026-11-01 01:30:00+00", None, None, "2026-10-31"),
        ("2026-11-01T01:30:00Z", None, None, "2026-10-31"),
        ("2026-10-31 22:30:00-03", None, None, "2026-10-31"),
        ("2026-11-01 01:30", None, None, "2026-11-01"),
    ],
)
def test_a_day(
    reading: sa.Engine, text: str, order: str | None, century: int | None, read: str
) -> None:
    arguments = (_text(order), sa.literal(century, sa.Integer), _text(ZONE), _text("VLR"))
    with reading.connect() as connection:
        # Whatever the zone of who looks.
        connection.execute(sa.text("SET TIME ZONE 'Asia/Tokyo'"))
        query = sa.select(sa.func.omie_sync.reading_moment(_text(text), False, *arguments))
        found = connection.scalar(query)
    assert _told(found, text) == read


def test_the_file_is_loaded_again_when_it_changed_and_only_then(engine: sa.Engine) -> None:
    name = "omie_sync.reading_marker(text, text, text)"
    with engine.begin() as connection:
        assert not load_sql_functions(connection)
        connection.exec_driver_sql(f"COMMENT ON FUNCTION {name} IS 'of an older version'")
    migrate(engine)
    with engine.begin() as connection:
        assert not load_sql_functions(connection)


def test_markers_are_taken_apart_as_they_were_made(reading: sa.Engine) -> None:
    made = "select omie_sync.reading_entry('valor', omie_sync.reading_marker('number', 'V', :text))"
    with reading.connect() as connection:
        for text in ("x", "", "a\x01b\x01c"):
            assert connection.scalar(sa.text(made), {"text": text}) == {
                "column": "valor", "source_column": "V", "text": text, "kind": "number",
            }  # fmt: skip
        plain = sa.text("select omie_sync.reading_entry('valor', chr(1) || 'x')")
        assert connection.scalar(plain) is None
