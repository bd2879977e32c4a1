"""Messages of ``build`` and ``push`` about columns: those Omie computes, those that nothing
reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from omie_pipeline.cli.output import say
from omie_pipeline.likely import likely
from omie_pipeline.texts.cli import models as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.payload import PayloadModel

_CANONICAL_SET = "canonica"


def computed_columns_told(model: PayloadModel) -> str:
    """Which columns of a payload model stay here because Omie fills them in itself."""
    columns = model.computed
    return texts.computed_columns(number=len(columns), columns=", ".join(columns))


def tell_columns(deployment: Deployment) -> None:
    """Say, after a build, which columns are not sent, not known or not read; none stops it."""
    for line in (*_payload_lines(deployment), *_canonical_lines(deployment)):
        say(texts.warning(line))


def _payload_lines(deployment: Deployment) -> Iterator[str]:
    from omie_pipeline.catalog import WRITABLE
    from omie_pipeline.errors import ModelError, ModelMisfit
    from omie_pipeline.payload import load_payload_model

    for endpoint in WRITABLE:
        try:
            model = load_payload_model(deployment.engine, endpoint)
        except ModelMisfit as error:
            yield str(error)
            continue
        except ModelError:
            continue  # not built: a clinic need not have every endpoint
        if model.computed:
            yield f"{endpoint.model}: {computed_columns_told(model)}"


def _canonical_lines(deployment: Deployment) -> Iterator[str]:
    """Columns of the canonical tables, as the clinic or its staging set has them, that nothing
    reads: a misspelt optional column would be missed by nobody."""
    import sqlalchemy as sa

    from omie_pipeline.clinic.tables import CLINIC_TABLES
    from omie_pipeline.postgres.schemas import STAGING, schemas_of

    staging = deployment.settings.staging
    if staging == _CANONICAL_SET:
        places = {source.name: (source.schema, source.name) for source in deployment.sources}
    else:
        schema = schemas_of(deployment.engine).name(STAGING)
        places = {name: (schema, f"stg_{staging}__{name}") for name in CLINIC_TABLES}
    inspector = sa.inspect(deployment.engine)
    for name, table in CLINIC_TABLES.items():
        place = places.get(name)
        if place is None or not inspector.has_table(place[1], schema=place[0]):
            continue
        found = [column["name"] for column in inspector.get_columns(place[1], schema=place[0])]
        declared = [column.name for column in table.columns]
        missing = [column for column in declared if column not in found]
        unread = [one for one in found if one not in declared and not one.startswith("_")]
        for one in unread:
            meant = likely(one, missing)
            if meant:
                yield texts.unknown_column(model=name, column=one, near=meant[0])
        others = [one for one in unread if not likely(one, missing)]
        if others:
            yield texts.unread_columns(model=name, columns=", ".join(others))
