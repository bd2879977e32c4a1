"""The outbox names nobody, and what it holds of a person is in the export."""

from __future__ import annotations

import json

import sqlalchemy as sa

from omie_pipeline.outbox.records import KINDS
from omie_pipeline.outbox.write import write_changes
from omie_pipeline.privacy.erase import erase
from omie_pipeline.privacy.export import export_person
from omie_pipeline.privacy.find import find_person
from tests.privacy.people import CPF, MARIA, NOW, OTHER, SECRETS, add_people
from tests.push.world import EMPRESA

TABLE = "omie_saida.changes"


def test_what_is_told_of_a_person_is_exported_and_holds_no_name(engine: sa.Engine) -> None:
    add_people(engine)
    write_changes(engine, EMPRESA, KINDS, NOW)
    with engine.begin() as connection:
        everything = connection.execute(sa.text(f"SELECT CAST(c AS text) FROM {TABLE} AS c"))
        told = "\n".join(everything.scalars())
        person = find_person(connection, EMPRESA, document=CPF)
        sections = {one["table"]: one["rows"] for one in export_person(connection, person)}
        erased = {one.name: one for one in erase(connection, person, NOW).tables}
    for secret in (*SECRETS, CPF, "Maria", "Lima", "dinheiro", "Fulana"):
        assert secret not in told
    mine = sections[TABLE]
    assert {one["client_id"] for one in mine if one["client_id"]} == {MARIA}
    assert {(one["kind"], one["omie_id"]) for one in mine} >= {("contas_receber", 11)}
    assert json.dumps(mine, default=str)
    assert str(OTHER) in told
    assert (erased[TABLE].found, erased[TABLE].erased) == (len(mine), 0)
    assert "a clínica apaga lá" in erased[TABLE].kept
