"""The tables to extract, as a staging set of ``dbt_mapping`` declares them.

A set is a folder ``staging/<set>/`` (of the user's, or of ``dbt_mapping/models``) whose
``_<set>__sources.yml`` is an ordinary dbt sources file; the ``meta`` of each table says how to
read it::

    sources:
      - name: minha_clinica        # the set's name
        schema: clinic_raw
        tables:
          - name: recebimentos
            meta:
              grain: fact           # or register
              key: [id]             # what makes a row one row within an empresa
              business_date: data   # facts only
              updated_at: null      # optional: without it every read compares all rows
              empresa: null         # optional: the column that tells empresas apart
              in_file: sub/recebimentos.csv      # CSV folders; default <name>.csv
              in_database: financeiro.recebimentos  # databases; default <name>
              encoding: cp1252      # CSV folders; default utf-8
              optional: false       # true: a clinic without the table is complete
              decimal: ","          # how its texts are read, see docs/own-system.md: decimal,
                                    # date_order and two_digit_years; also below a column
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import yaml

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres import schemas
from omie_pipeline.texts import clinic as texts
from omie_pipeline.yaml_text import load_yaml

RAW_SCHEMA = schemas.RAW
_GRAINS = ("register", "fact")
_READING: Mapping[str, tuple[str, ...]] = {
    "decimal": (",", "."),
    "date_order": ("dmy", "mdy"),
    "two_digit_years": ("1900", "2000"),
}
"""How the table's texts are read: looked up by the reading macros of dbt, not by the extract."""

_META_KEYS = frozenset(
    {
        "grain",
        "key",
        "business_date",
        "updated_at",
        "empresa",
        "in_file",
        "in_database",
        "encoding",
        "optional",
        *_READING,
    }
)


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One table of the clinic.

    Attributes:
        set_name: the staging set that declares it.
        name: its name in the warehouse (``clinic_raw.<name>``).
        schema: the schema dbt reads it from.
        grain: ``register`` or ``fact``.
        key: columns that identify a row within one empresa.
        business_date: facts: the column that says to which date partition a row belongs.
        updated_at: the column of the last change, ``None`` when the source has none.
        empresa_column: the column that names the empresa; ``None``: the caller says.
        in_file: path of its CSV file below the clinic's folder.
        in_database: its name in a database, with its schema if it has one.
        optional: a clinic without the table is complete; there is nothing to copy.
        encoding: of its CSV file, as Python names it.
    """

    set_name: str
    name: str
    schema: str
    grain: Literal["register", "fact"]
    key: tuple[str, ...]
    business_date: str | None = None
    updated_at: str | None = None
    empresa_column: str | None = None
    in_file: str = ""
    in_database: str = ""
    optional: bool = False
    encoding: str = "utf-8"


def read_sources(
    file: Path,
    set_name: str | None = None,
    schema: str | None = None,
    own: schemas.Schemas | None = None,
) -> tuple[SourceTable, ...]:
    """The tables that a set's sources file declares, in its order.

    Args:
        file: the YAML file.
        set_name: which dbt source of the file; default: the name of its folder.
        schema: overrides the file's schema, for a source that is read in place. A schema that the
            file leaves to Jinja counts as ``clinic_raw``.
        own: names of this installation's schemas; default: those without a prefix.

    Raises:
        ConfigurationError: the file or a table of it is not as described; both are named.
    """
    wanted = set_name or file.parent.name
    source = _source(file, wanted)
    raw = (own or schemas.Schemas()).name(RAW_SCHEMA)
    declared = str(source.get("schema") or RAW_SCHEMA)
    if declared == RAW_SCHEMA != raw:
        raise ConfigurationError(texts.other_installation(file=file, schema=RAW_SCHEMA))
    resolved = schema or (raw if "{{" in declared else declared)
    tables = source.get("tables")
    if not isinstance(tables, list) or not tables:
        raise ConfigurationError(texts.source_without_tables(file=file, source=wanted))
    parsed = tuple(_table(file, wanted, resolved, entry) for entry in tables)
    names = [table.name for table in parsed]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(texts.table_twice(file=file, table=name))
    return parsed


def _source(file: Path, wanted: str) -> dict[str, Any]:
    try:
        content = load_yaml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            texts.sources_unreadable(file=file, cause=type(error).__name__)
        ) from error
    except yaml.YAMLError as error:
        raise ConfigurationError(texts.sources_no_yaml(file=file, error=error)) from error
    sources = content.get("sources") if isinstance(content, dict) else None
    for source in sources if isinstance(sources, list) else []:
        if isinstance(source, dict) and source.get("name") == wanted:
            return source
    raise ConfigurationError(texts.source_missing(file=file, source=wanted))


def _table(file: Path, set_name: str, schema: str, entry: object) -> SourceTable:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise ConfigurationError(texts.table_without_name(file))
    name: str = entry["name"]
    config = entry.get("config")
    meta = entry.get("meta") or (config.get("meta") if isinstance(config, dict) else None)

    def wrong(what: str) -> ConfigurationError:
        return ConfigurationError(texts.table_declared_badly(file=file, table=name, what=what))

    if not isinstance(meta, dict):
        raise wrong(texts.META_MISSING)
    unknown = sorted(set(meta) - _META_KEYS)
    if unknown:
        raise wrong(texts.meta_unknown(", ".join(map(str, unknown))))
    grain = meta.get("grain")
    if grain not in _GRAINS:
        raise wrong(texts.META_GRAIN)
    key = meta.get("key")
    if not isinstance(key, list) or not key or not all(isinstance(part, str) for part in key):
        raise wrong(texts.META_KEY)
    options: dict[str, str | None] = {}
    for option in sorted(_META_KEYS - {"grain", "key", "optional", *_READING}):
        value = meta.get(option)
        if value is not None and not isinstance(value, str):
            raise wrong(texts.meta_text(option))
        options[option] = value or None
    for option, accepted in _READING.items():
        if meta.get(option) is not None and str(meta[option]) not in accepted:
            raise wrong(texts.meta_one_of(option=option, values=" ou ".join(accepted)))
    optional = meta.get("optional", False)
    if not isinstance(optional, bool):
        raise wrong(texts.META_OPTIONAL)
    if grain == "fact" and options["business_date"] is None:
        raise wrong(texts.META_BUSINESS_DATE)
    return SourceTable(
        set_name=set_name,
        name=name,
        schema=schema,
        grain=cast(Literal["register", "fact"], grain),
        key=tuple(key),
        business_date=options["business_date"],
        updated_at=options["updated_at"],
        empresa_column=options["empresa"],
        in_file=options["in_file"] or f"{name}.csv",
        in_database=options["in_database"] or name,
        optional=optional,
        encoding=options["encoding"] or "utf-8",
    )
