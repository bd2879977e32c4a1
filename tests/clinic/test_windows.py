"""A window reads every row that the mapping may put on one of its days, and no copy loses one."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from omie_pipeline.clinic.windows import (
    DateWindow,
    in_window,
    text_in_window,
    written_day,
)

FEBRUARY_7 = DateWindow(date(2026, 2, 7), date(2026, 2, 7))
AUGUST_1 = DateWindow(date(2026, 8, 1), date(2026, 8, 1))
NOWHERE_ELSE = ("2026-02-07", "2026-02-07 10:20", "07.02.2026", "07/02/2026 08:00", "02/07/2026")
EVERYWHERE = (
    None, "", "que data?", "7/2/2026", "07/02/26", "20260207", "2026-2-7", "31/02/2026",
    "2026-02-30", "0000-00-00", "0206-02-07", "1926-02-07", "2062-02-07", "2026-13-01",
    "2025-02-29", "infinity", "13/13/2026",
)  # fmt: skip


@pytest.mark.parametrize("text", [*NOWHERE_ELSE, *EVERYWHERE])
def test_a_day_and_whatever_may_be_it_are_in_its_window(text: str | None) -> None:
    assert text_in_window(text, FEBRUARY_7)


@pytest.mark.parametrize("text", NOWHERE_ELSE)
def test_another_day_is_not(text: str) -> None:
    assert not text_in_window(text, AUGUST_1)


@pytest.mark.parametrize("text", EVERYWHERE)
def test_what_is_no_plain_day_is_in_every_window(text: str | None) -> None:
    assert text_in_window(text, AUGUST_1)


def test_a_text_with_an_offset_is_in_the_windows_of_both_days() -> None:
    days = [date(2026, 10, 30) + timedelta(days=n) for n in range(4)]
    taken = [text_in_window("2026-11-01T01:30:00Z", DateWindow(day, day)) for day in days]
    assert taken == [False, True, True, True]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("7/2/2026", date(2026, 2, 7)), ("2026-2-7", date(2026, 2, 7)),
        ("20260207", date(2026, 2, 7)), ("02/25/2026", date(2026, 2, 25)),
        ("31/02/2026", None), ("0206-05-01", None), ("x", None), (None, None),
    ],
)  # fmt: skip
def test_the_day_a_text_begins_with(text: str | None, day: date | None) -> None:
    assert written_day(text) == day


PIECES = st.sampled_from(
    ["2026", "0206", "2062", "26", "02", "2", "07", "7", "29", "30", "31", "13", "00",
     "-", "/", ".", "T", " ", ":", "+", "Z", "a", "é", "10:20", "\n"]
)  # fmt: skip
SHAPED = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["2026", "2024", "07", "02", "1999"]), st.sampled_from("-/."),
    st.sampled_from(["02", "13", "07", "2"]), st.sampled_from("-/."),
    st.sampled_from(["29", "30", "31", "2026", "07", "0206"]),
    st.sampled_from(["", " 10:20", "T10:20:00Z", "T10:20:00-03:00", "+00"]),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.lists(PIECES, max_size=8).map("".join) | SHAPED, min_size=40, max_size=60))
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_python_and_sql_take_the_same_rows(
    dialect: str, texts: list[str], postgres_url: str
) -> None:
    engine = sa.create_engine("sqlite://" if dialect == "sqlite" else postgres_url)
    table = sa.Table(
        "written", sa.MetaData(), sa.Column("n", sa.Integer), sa.Column("t", sa.Text),
        prefixes=["TEMPORARY"],
    )  # fmt: skip
    with engine.connect() as connection:
        table.create(connection)
        rows = [{"n": n, "t": text} for n, text in enumerate(texts)]
        connection.execute(table.insert(), rows)
        query = sa.select(table.c.n).where(in_window(table.c.t, FEBRUARY_7))
        taken = set(connection.scalars(query))
        connection.rollback()
    engine.dispose()
    assert taken == {n for n, text in enumerate(texts) if text_in_window(text, FEBRUARY_7)}


def test_typed_columns_take_the_empty_and_the_improbable() -> None:
    engine = sa.create_engine("sqlite://")
    table = sa.Table(
        "t", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("d", sa.Date),
        sa.Column("ts", sa.DateTime),
    )  # fmt: skip
    table.create(engine)
    days = [date(2026, 2, 7), date(2026, 2, 8), None, date(206, 2, 7), date(2062, 2, 7)]
    with engine.begin() as connection:
        for number, day in enumerate(days):
            moment = day and datetime.combine(day, datetime.min.time())
            connection.execute(table.insert().values(id=number, d=day, ts=moment))
        for column in (table.c.d, table.c.ts):
            query = sa.select(table.c.id).where(in_window(column, FEBRUARY_7))
            assert sorted(connection.scalars(query)) == [0, 2, 3, 4]
