"""Defaults as files: our own form, and the two files that earlier versions used."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from omie_pipeline.config.defaults import ACCOUNT_OF, DEFAULTS, Setting, checked
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.schemas import schemas_of

COLUMNS: Final = ("empresa", "name", "value")
OLD_DEFAULTS: Final = "padroes_empresa"
OLD_ACCOUNTS: Final = "contas_por_forma_pagamento"
_OLD_ACCOUNT_COLUMNS: Final = ("empresa", "forma_pagamento", "codigo_conta_corrente")
_OLD_SCHEMA: Final = "clinica"
_BY_OLD_NAME: Final = {one.old_name: one.name for one in DEFAULTS.values()}
_TOLD_PROBLEMS: Final = 10

Raw = tuple[str, str, str]
"""Empresa, name and value before anything is known to be right of them."""

DELIVERED_ONCE: Final = frozenset(
    {
        ("principal", "receipt_category", "1.01.01"),
        ("principal", "repasse_category", "2.01.01"),
        ("principal", "sale_category", "1.01.03"),
        ("principal", "expense_category", "2.02.01"),
        ("principal", "purchase_category", "2.01.02"),
        ("principal", "account", "9100000001"),
        *(("principal", f"{ACCOUNT_OF}{method}", "9100000001") for method in ("DIN", "CHQ")),
        *(
            ("principal", f"{ACCOUNT_OF}{method}", "9100000002")
            for method in ("PIX", "TRA", "BOL", "CON")
        ),
        *(("principal", f"{ACCOUNT_OF}{method}", "9100000003") for method in ("CRC", "CRD")),
    }
)
"""The simulator's codes, which stood in the files as earlier versions delivered them."""


def read_defaults(file: Path, empresas: Collection[str]) -> tuple[Setting, ...]:
    """The defaults of a CSV file: our own form, or either of the two old ones.

    Raises:
        ConfigurationError: it cannot be read, or lines of it are wrong; each is named.
    """
    settings, problems = [], []
    for line, raw in _lines(file):
        try:
            settings.append(checked(*raw, empresas))
        except ConfigurationError as error:
            problems.append(f"linha {line}: {error}")
    repeated = _repeated(settings)
    if repeated:
        problems.append(f"mais de uma vez: {', '.join(repeated)}")
    if problems:
        more = len(problems) - _TOLD_PROBLEMS
        told = [*problems[:_TOLD_PROBLEMS], *([f"e mais {more}"] if more > 0 else [])]
        raise ConfigurationError(f"{file}: nada foi importado\n  " + "\n  ".join(told))
    return tuple(settings)


def raw_defaults(file: Path) -> tuple[Raw, ...]:
    """What a CSV file says, right or wrong.

    Raises:
        ConfigurationError: it cannot be read.
    """
    return tuple(raw for _, raw in _lines(file))


def raw_table(engine: sa.Engine, name: str) -> tuple[Raw, ...]:
    """What a table says that dbt made of an old file; nothing if there is none."""
    with warehouse_errors(), engine.connect() as connection:
        inspector = sa.inspect(connection)
        schema = schemas_of(connection).name(_OLD_SCHEMA)
        if not inspector.has_table(name, schema=schema):
            return ()
        columns = [column["name"] for column in inspector.get_columns(name, schema=schema)]
        if not _known(columns):
            return ()
        table = sa.table(name, *(sa.column(one) for one in columns), schema=_OLD_SCHEMA)
        rows = connection.execute(sa.select(table)).mappings()
        texts = [
            {key: "" if value is None else str(value) for key, value in row.items()} for row in rows
        ]
    return tuple(raw for row in texts for raw in _of_row(row))


def written_defaults(settings: Sequence[Setting]) -> str:
    """The text of a file in our own form."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((one.empresa, one.name, one.value) for one in settings)
    return stream.getvalue()


def _lines(file: Path) -> Iterator[tuple[int, Raw]]:
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = "não é UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise ConfigurationError(f"{file}: não foi possível ler ({why})") from None
    head = text.partition("\n")[0]
    # A Brazilian spreadsheet writes semicolons.
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="", restval="")
    columns = [name.strip() for name in reader.fieldnames or ()]
    if not _known(columns):
        raise ConfigurationError(
            f"{file}: as colunas devem ser {','.join(COLUMNS)} (ou as de {OLD_DEFAULTS}.csv e "
            f"{OLD_ACCOUNTS}.csv); são {','.join(columns)}"
        )
    reader.fieldnames = columns
    for row in reader:
        if row.get(""):
            raise ConfigurationError(f"{file}: a linha {reader.line_num} tem colunas a mais")
        for raw in _of_row(row):
            yield reader.line_num, raw


def _known(columns: Sequence[str]) -> bool:
    if set(columns) in ({*COLUMNS}, {*_OLD_ACCOUNT_COLUMNS}):
        return True
    others = set(columns) - {"empresa"}
    return "empresa" in columns and bool(others) and others <= _BY_OLD_NAME.keys()


def _of_row(row: Mapping[str, str]) -> Iterator[Raw]:
    """The defaults of one row, whatever the form; an empty cell of an old file says nothing."""
    filled = {name: (value or "").strip() for name, value in row.items()}
    empresa = filled["empresa"]
    if not any(filled.values()):
        return
    if "name" in filled:
        yield empresa, filled["name"], filled["value"]
    elif "forma_pagamento" in filled:
        yield empresa, f"{ACCOUNT_OF}{filled['forma_pagamento']}", filled["codigo_conta_corrente"]
    else:
        for column, value in filled.items():
            if column in _BY_OLD_NAME and value:
                yield empresa, _BY_OLD_NAME[column], value


def _repeated(settings: Sequence[Setting]) -> list[str]:
    seen = [f"{one.name} ({one.empresa})" for one in settings]
    return sorted({one for one in seen if seen.count(one) > 1})
