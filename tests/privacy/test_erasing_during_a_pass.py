"""An erasure made while a list is being read is not undone by it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.decimal_json import dumps
from omie_pipeline.errors import WarehouseError
from omie_pipeline.imports.filter import MirrorFilter
from omie_pipeline.imports.merge import open_pass
from omie_pipeline.imports.records import Records
from omie_pipeline.privacy.erase import erase
from omie_pipeline.privacy.find import find_person
from tests.imports.mirrored import page as page_of

EMPRESA = "principal"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
BORN = {"dInc": "02/01/2026", "hInc": "10:00:00"}
MARIA = {
    "codigo_cliente_omie": 5, "razao_social": "Maria", "cnpj_cpf": "529.982.247-25", "info": BORN,
}  # fmt: skip
TITLE = {
    "codigo_lancamento_omie": 9, "codigo_cliente_fornecedor": 5, "valor_documento": 1,
    "data_vencimento": "02/01/2026", "observacao": "alergia", "info": BORN,
}  # fmt: skip


def page(name: str, record: dict[str, object]) -> Records:
    return page_of(name, dumps({MIRROR[name].array: [record]}))


@pytest.fixture
def read_once(engine: sa.Engine) -> None:
    for name, record in (("clientes", MARIA), ("contas_receber", TITLE)):
        with open_pass(engine, MIRROR[name], EMPRESA, NOON, MirrorFilter()) as one:
            one.merge(page(name, record), NOON)


def erase_maria(connection: sa.Connection) -> None:
    erase(connection, find_person(connection, EMPRESA, document="52998224725"), LATER)


def note(engine: sa.Engine) -> str | None:
    query = "SELECT coalesce(observacao, '') || coalesce(raw->>'observacao', '')"
    with engine.connect() as connection:
        told: str = connection.execute(sa.text(f"{query} FROM omie.contas_receber")).scalar_one()
    return told or None


@pytest.mark.usefixtures("read_once")
def test_a_page_after_the_erasure_does_not_undo_it(engine: sa.Engine) -> None:
    titles = MIRROR["contas_receber"]
    with open_pass(engine, titles, EMPRESA, LATER, MirrorFilter()) as one:
        with engine.begin() as connection:
            erase_maria(connection)
        one.merge(page("contas_receber", TITLE), LATER + timedelta(seconds=5))
        assert note(engine) is None


@pytest.mark.usefixtures("read_once")
@pytest.mark.parametrize("broken_off", [False, True])
def test_a_page_that_did_not_see_the_erasure_is_cleaned_when_the_pass_ends(
    engine: sa.Engine, broken_off: bool
) -> None:
    """The erasure ran first, but was committed only after the last page."""
    titles = MIRROR["contas_receber"]
    new = {**TITLE, "codigo_lancamento_omie": 10}
    erased, merged = threading.Event(), threading.Event()

    def erase_slowly() -> None:
        with engine.begin() as connection:
            erase_maria(connection)
            erased.set()
            merged.wait(20)

    eraser = threading.Thread(target=erase_slowly)

    def read() -> None:
        with open_pass(engine, titles, EMPRESA, LATER, MirrorFilter()) as one:
            eraser.start()
            assert erased.wait(20)
            one.merge(page("contas_receber", new), LATER + timedelta(seconds=5))
            merged.set()
            if broken_off:
                raise WarehouseError("x")

    if broken_off:
        with pytest.raises(WarehouseError, match="x"):
            read()
    else:
        read()
    eraser.join()
    with engine.connect() as connection:
        query = sa.text("SELECT observacao FROM omie.contas_receber ORDER BY 1")
        assert list(connection.execute(query).scalars()) == [None, None]
