"""Open alerts, of one's own empresas."""

from __future__ import annotations

import sqlalchemy as sa

from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.postgres.tables import notification
from omie_pipeline.texts.console import alerts as texts
from tests.console.conftest import House


def test_what_is_on_is_shown_to_those_it_concerns(house: House) -> None:
    now = house.deployment.clock.now()
    browser = house.let_in("recepcao", Grant("norte", Role.RECEPTION))
    assert texts.NOTHING in browser.get("/avisos").text
    with house.engine.begin() as connection:
        for empresa, title, ended in (
            ("norte", "O envio parou", None), ("norte", "Coisa passada", now),
            ("sul", "Outra", None),
        ):  # fmt: skip
            connection.execute(sa.insert(notification).values(
                key=title, empresa=empresa, kind="failed_sync", title=title,
                text=f"Causa de {title}.", first_at=now, last_at=now, resolved_at=ended,
            ))  # fmt: skip
    page = browser.get("/avisos").text
    assert "Causa de O envio parou." in page
    assert texts.NOT_TOLD in page
    assert "Coisa passada" not in page
    assert "Causa de Outra" not in page
