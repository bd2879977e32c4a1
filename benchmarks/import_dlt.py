"""The same list through dlt's ``rest_api`` source into the same PostgreSQL, merged by id."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import date
from typing import Any

import sqlalchemy as sa

from benchmarks.measure import seconds_of
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.simulator.company import APP_KEY, APP_SECRET

_RECEIVABLES = MIRROR["contas_receber"]
_PAGE_SIZE = 500


def run(url: str, base_url: str, days: tuple[date, date]) -> str:
    """Seconds of one pipeline run, and the rows it left, as JSON."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
    import dlt
    from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator
    from dlt.sources.rest_api import rest_api_source

    class PageInParam(PageNumberPaginator):
        """dlt's own way to a page number that stands in the body, here inside ``param``."""

        def update_request(self, request: Any) -> None:
            request.json["param"][0]["pagina"] = self.current_value

    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "floor_dlt",
            pipelines_dir=folder,
            destination=dlt.destinations.postgres(plain),
            dataset_name="floor_dlt",
        )
        source = rest_api_source(
            _config(base_url, days, PageInParam(base_page=1, total_path="total_de_paginas"))
        )
        seconds = seconds_of(lambda: pipeline.run(source))
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        rows = connection.execute(sa.text("SELECT count(*) FROM floor_dlt.receivables")).scalar()
        connection.execute(sa.text("DROP SCHEMA floor_dlt CASCADE"))
    return json.dumps({"seconds": seconds, "rows": rows})


def _config(base_url: str, days: tuple[date, date], paginator: Any) -> Any:
    window = _RECEIVABLES.call.created
    assert window is not None
    param = {
        **dict(_RECEIVABLES.call.fixed),
        **dict(window.fixed),
        window.first: days[0].strftime("%d/%m/%Y"),
        window.last: days[1].strftime("%d/%m/%Y"),
        "registros_por_pagina": _PAGE_SIZE,
        "pagina": 1,
    }
    return {
        "client": {"base_url": base_url},
        "resources": [
            {
                "name": "receivables",
                "primary_key": "codigo_lancamento_omie",
                "write_disposition": "merge",
                "endpoint": {
                    "path": _RECEIVABLES.service.path,
                    "method": "POST",
                    "json": {
                        "call": _RECEIVABLES.call.method,
                        "app_key": APP_KEY,
                        "app_secret": APP_SECRET,
                        "param": [param],
                    },
                    "data_selector": _RECEIVABLES.array,
                    "paginator": paginator,
                },
            }
        ],
    }
