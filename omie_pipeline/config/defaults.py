"""Defaults of each empresa: the category, account or code of a row that says none itself.

They belong to the installation, not to the program: they live in the warehouse, and a file of the
user's own may be imported. A default has a name (``receipt_category``); the account of one payment
method is ``account.`` and the method (``account.PIX``): a mapping, kept and remembered as those are
(``list_mapping.store``).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.imports.references import usable_categorias, usable_contas_correntes
from omie_pipeline.list_mapping.model import SourceKey, as_read
from omie_pipeline.list_mapping.store import Author, deciding, in_force, put, remove
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.schemas import schemas_of
from omie_pipeline.postgres.tables import NO, YES, default_import, empresa_default, payment_account
from omie_pipeline.texts import config as texts

ALL: Final = "*"
"""The empresa of a default that serves every empresa which has none of its own."""
ACCOUNT_OF: Final = "account."
"""What the name of a payment method's account begins with."""

_LONGEST_CHARACTERS: Final = 100
_LARGEST_ACCOUNT: Final = 2**63 - 1
_LONGEST_DAYS: Final = 3650
_CATEGORY: Final = re.compile(r"[0-9]+(\.[0-9]+)*")
_YES_NO: Final = {"S": YES, "SIM": YES, "N": NO, "NAO": NO, "NÃO": NO}


@dataclass(frozen=True, slots=True)
class Setting:
    """One default of one empresa.

    Attributes:
        name: of :data:`DEFAULTS`, or ``account.<payment method>``.
        value: as text, in the form in which it is kept.
    """

    empresa: str
    name: str
    value: str

    @property
    def method(self) -> str:
        """The payment method of an account; ``""`` for every other default."""
        return self.name.removeprefix(ACCOUNT_OF) if self.name.startswith(ACCOUNT_OF) else ""


@dataclass(frozen=True, slots=True)
class Default:
    """A default there is.

    Attributes:
        name: its column in ``empresa_default``, and how it is typed.
        old_name: its column in ``padroes_empresa.csv``, which earlier versions read.
        read: the kept form of a text; raises ``ValueError`` with the rule, in Portuguese.
        about: Portuguese.
    """

    name: str
    old_name: str
    read: Callable[[str], str]
    about: str


def _category(text: str) -> str:
    if not _CATEGORY.fullmatch(text) or len(text) > 20:
        raise ValueError(texts.MUST_BE_CATEGORY)
    return text


def _account(text: str) -> str:
    digits = text.isascii() and text.isdigit()
    if not digits or not 0 < int(text) <= _LARGEST_ACCOUNT:
        raise ValueError(texts.MUST_BE_ACCOUNT)
    return str(int(text))


def _yes_no(text: str) -> str:
    if text.upper() not in _YES_NO:
        raise ValueError(texts.MUST_BE_YES_OR_NO)
    return _YES_NO[text.upper()]


def _days(text: str) -> str:
    if not (text.isascii() and text.isdigit() and int(text) <= _LONGEST_DAYS):
        raise ValueError(texts.must_be_days(_LONGEST_DAYS))
    return str(int(text))


def _text(text: str) -> str:
    if len(text) > _LONGEST_CHARACTERS or not text.isprintable():
        raise ValueError(texts.must_be_text(_LONGEST_CHARACTERS))
    return text


_LISTED: Final = (
    Default("receipt_category", "categoria_padrao_agenda", _category,
            texts.RECEIPT_CATEGORY),
    Default("repasse_category", "categoria_padrao_repasse", _category,
            texts.REPASSE_CATEGORY),
    Default("sale_category", "categoria_padrao_venda", _category,
            texts.SALE_CATEGORY),
    Default("expense_category", "categoria_padrao_despesa", _category,
            texts.EXPENSE_CATEGORY),
    Default("purchase_category", "categoria_padrao_compra", _category,
            texts.PURCHASE_CATEGORY),
    Default("account", "conta_corrente_padrao", _account,
            texts.ACCOUNT),
    Default("bill_orders", "faturar_os_automaticamente", _yes_no,
            texts.BILL_ORDERS),
    Default("order_for_every_receipt", "gerar_os_sempre", _yes_no,
            texts.ORDER_FOR_EVERY_RECEIPT),
    Default("professionals_are_sellers", "profissional_como_vendedor", _yes_no,
            texts.PROFESSIONALS_ARE_SELLERS),
    Default("repasse_days", "prazo_repasse_dias", _days,
            texts.REPASSE_DAYS),
    Default("lc116", "lc116_padrao", _text,
            texts.LC116),
    Default("municipal_service", "servico_municipal_padrao", _text,
            texts.MUNICIPAL_SERVICE),
    Default("taxation", "tributacao_padrao", _text,
            texts.TAXATION),
    Default("service_city", "cidade_prestacao", _text,
            texts.SERVICE_CITY),
    Default("order_terms", "condicao_parcela_os", _text,
            texts.ORDER_TERMS),
)  # fmt: skip
DEFAULTS: Final[Mapping[str, Default]] = {one.name: one for one in _LISTED}
"""Every default but the accounts of payment methods, by name, in the order in which it is shown."""


def checked(empresa: str, name: str, value: str, empresas: Collection[str]) -> Setting:
    """The default in the form in which it is kept.

    Args:
        empresa: the empresa whose rows are meant.
        name: name of the setting.
        value: as typed.
        empresas: names that there are; ``*`` is always one.

    Raises:
        ConfigurationError: no such empresa or default, or no value for it.
    """
    empresa, name, value = empresa.strip(), name.strip(), value.strip()
    if empresa not in (ALL, *empresas):
        raise ConfigurationError(
            texts.default_empresa_unknown(
                empresa=empresa, known=", ".join(empresas), all_empresas=ALL
            )
        )
    method = as_read(name.removeprefix(ACCOUNT_OF)) if name.startswith(ACCOUNT_OF) else None
    if method is not None:
        name = f"{ACCOUNT_OF}{_checked(name, method, _text)}"
    return Setting(empresa, name, _checked(name, value, _account if method else _of(name).read))


def _of(name: str) -> Default:
    if name not in DEFAULTS:
        raise ConfigurationError(
            texts.default_unknown(name=name, known=", ".join(DEFAULTS), account_of=ACCOUNT_OF)
        )
    return DEFAULTS[name]


def _checked(name: str, text: str, read: Callable[[str], str]) -> str:
    if not text:
        raise ConfigurationError(texts.default_empty(name))
    try:
        return read(text)
    except ValueError as error:
        raise ConfigurationError(texts.default_refused(name=name, error=error, text=text)) from None


def set_defaults(engine: sa.Engine, settings: Sequence[Setting], author: Author) -> None:
    """Keep ``settings``; those of other names stay."""
    with warehouse_errors(), engine.begin() as connection:
        _write(connection, settings, author)


def import_defaults(
    engine: sa.Engine,
    settings: Sequence[Setting],
    source: str,
    at: datetime,
    *,
    replace: bool,
    by: str = "",
) -> None:
    """Keep ``settings`` and where they came from.

    Args:
        engine: the warehouse.
        settings: the settings to keep.
        source: where they come from.
        at: time of the change.
        replace: whatever they do not name is removed.
        by: who imports them; empty: nobody, an earlier version's were taken over.
    """
    author = Author(by, at, "import" if by else "default")
    with warehouse_errors(), engine.begin() as connection:
        if replace:
            connection.execute(sa.delete(empresa_default))
            kept = {_mapped(one) for one in settings if one.method}
            deciding(connection)
            gone = [one.key for one in in_force(connection) if one.key.target == "account"]
            remove(connection, [key for key in gone if key not in kept], author)
        _write(connection, settings, author)
        connection.execute(
            sa.insert(default_import).values(source=source, settings=len(settings), imported_at=at)
        )


def unset_defaults(
    engine: sa.Engine, empresa: str, names: Sequence[str], author: Author
) -> tuple[str, ...]:
    """Remove defaults; returns the names that were there.

    Args:
        engine: the warehouse.
        empresa: whose, or ``*``.
        names: of the settings.
        author: who removes them.

    Raises:
        ConfigurationError: no such default.
    """
    there = {one.name for one in listed_defaults(engine) if one.empresa == empresa}
    for name in names:
        if not name.startswith(ACCOUNT_OF):
            _of(name)
    found = tuple(name for name in names if name in there)
    plain = {name: None for name in found if name in DEFAULTS}
    methods = [_mapped(Setting(empresa, name, "")) for name in found if name not in DEFAULTS]
    with warehouse_errors(), engine.begin() as connection:
        if plain:
            of_empresa = empresa_default.c.empresa == empresa
            connection.execute(sa.update(empresa_default).where(of_empresa).values(plain))
        if methods:
            deciding(connection)
            remove(connection, methods, author)
    return found


def listed_defaults(engine: sa.Engine) -> tuple[Setting, ...]:
    """Every default that is set: by empresa, in the order of :data:`DEFAULTS`, then accounts."""
    with warehouse_errors(), engine.connect() as connection:
        rows = connection.execute(
            sa.select(empresa_default).order_by(empresa_default.c.empresa)
        ).mappings()
        plain = [
            Setting(row["empresa"], name, str(row[name]))
            for row in rows
            for name in DEFAULTS
            if row[name] is not None
        ]
        accounts = [
            Setting(row.empresa, f"{ACCOUNT_OF}{row.payment_method}", str(row.account))
            for row in connection.execute(
                sa.select(payment_account).order_by(
                    payment_account.c.empresa, payment_account.c.payment_method
                )
            )
        ]
    return tuple(sorted([*plain, *accounts], key=lambda one: one.empresa))


def ever_set(engine: sa.Engine) -> bool:
    """Whether defaults are or were kept here, so that older places are not looked at any more."""
    with warehouse_errors(), engine.connect() as connection:
        return any(
            connection.execute(sa.select(sa.exists(sa.select(table)))).scalar_one()
            for table in (empresa_default, payment_account, default_import)
        )


def doubtful_codes(
    engine: sa.Engine, settings: Sequence[Setting], empresas: Sequence[str]
) -> tuple[str, ...]:
    """What Omie's lists say against ``settings``, in Portuguese; one never read says nothing."""
    told: list[str] = []
    for empresa in empresas:
        categories = usable_categorias(engine, empresa)
        accounts = {
            str(code): active for code, active in usable_contas_correntes(engine, empresa).items()
        }
        for one in settings:
            if one.empresa not in (empresa, ALL):
                continue
            if one.name.endswith("_category"):
                problem = _problem(categories, one.value, "categoria")
            elif one.name == "account" or one.method:
                problem = _problem(accounts, one.value, texts.ACCOUNT_WORD)
            else:
                continue
            if problem:
                told.append(f"{one.name} ({empresa}): {problem}")
    return tuple(told)


def _problem(usable: Mapping[str, bool], code: str, what: str) -> str:
    if not usable or usable.get(code):
        return ""
    if code in usable:
        return texts.code_inactive(what=what, code=code)
    return texts.code_unknown(what=what, code=code)


def _mapped(one: Setting) -> SourceKey:
    """A method's account as the mapping that it is."""
    return SourceKey(one.empresa, "payment_method", one.method, "account")


def _write(connection: sa.Connection, settings: Sequence[Setting], author: Author) -> None:
    plain: dict[str, dict[str, Any]] = {}
    accounts = [(_mapped(one), one.value) for one in settings if one.method]
    if accounts:
        deciding(connection)
        put(connection, accounts, author)
    for one in settings:
        if not one.method:
            column = empresa_default.c[one.name]
            number = isinstance(column.type, sa.Integer)
            plain.setdefault(one.empresa, {})[one.name] = int(one.value) if number else one.value
    for empresa, values in plain.items():
        _upsert(connection, empresa_default, {"empresa": empresa, **values})


def _upsert(connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> None:
    keys = [column.name for column in table.primary_key]
    changed = {name: value for name, value in values.items() if name not in keys}
    connection.execute(
        insert(table).values(values).on_conflict_do_update(index_elements=keys, set_=changed)
    )


# Defaults as files: our own form, and the two files that earlier versions used.

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
            problems.append(texts.line_refused(line=line, error=error))
    repeated = _repeated(settings)
    if repeated:
        problems.append(texts.more_than_once(", ".join(repeated)))
    if problems:
        more = len(problems) - _TOLD_PROBLEMS
        told = [*problems[:_TOLD_PROBLEMS], *([texts.and_more(more)] if more > 0 else [])]
        raise ConfigurationError(texts.nothing_imported(file) + "\n  ".join(told))
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
        lines = [
            {key: "" if value is None else str(value) for key, value in row.items()} for row in rows
        ]
    return tuple(raw for row in lines for raw in _of_row(row))


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
        why = texts.NOT_UTF8 if isinstance(error, UnicodeDecodeError) else error.strerror
        raise ConfigurationError(texts.file_unreadable_because(file=file, cause=why)) from None
    head = text.partition("\n")[0]
    # A Brazilian spreadsheet writes semicolons.
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="", restval="")
    columns = [name.strip() for name in reader.fieldnames or ()]
    if not _known(columns):
        raise ConfigurationError(
            texts.columns_expected(
                file=file,
                expected=",".join(COLUMNS),
                old_defaults=OLD_DEFAULTS,
                old_accounts=OLD_ACCOUNTS,
                found=",".join(columns),
            )
        )
    reader.fieldnames = columns
    for row in reader:
        if row.get(""):
            raise ConfigurationError(texts.line_too_wide(file=file, line=reader.line_num))
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


# Defaults of an installation that kept them in files of the program, taken over once.


@dataclass(frozen=True, slots=True)
class AdoptedDefaults:
    """What was taken over.

    Attributes:
        sources: files and tables, as a person finds them.
        settings: what is kept from now on.
        left_out: Portuguese; each with its reason.
    """

    sources: tuple[str, ...]
    settings: tuple[Setting, ...]
    left_out: tuple[str, ...]


def adopt_old_defaults(
    engine: sa.Engine,
    seeds: Path,
    empresas: Sequence[str],
    at: datetime,
    *,
    examples: bool,
) -> AdoptedDefaults | None:
    """Import the settings of earlier versions; ``None`` if there are none, or it was done.

    A file in ``seeds`` goes before the table that dbt made of it.

    Args:
        engine: the warehouse.
        seeds: the folder in which the files were.
        empresas: the empresas that are looked at.
        at: time of the change.
        examples: keep the simulator's own codes too, with which the files were delivered.
    """
    if ever_set(engine):
        return None
    sources, raws = [], list[Raw]()
    for name in (OLD_DEFAULTS, OLD_ACCOUNTS):
        file = seeds / f"{name}.csv"
        found = raw_defaults(file) if file.is_file() else raw_table(engine, name)
        if found:
            sources.append(str(file) if file.is_file() else f"clinica.{name}")
            raws += found
    if not raws:
        return None
    settings, left_out = _sorted(raws, empresas, examples=examples)
    import_defaults(engine, settings, ", ".join(sources), at, replace=False)
    return AdoptedDefaults(tuple(sources), settings, left_out)


def _sorted(
    raws: Sequence[Raw], empresas: Sequence[str], *, examples: bool
) -> tuple[tuple[Setting, ...], tuple[str, ...]]:
    settings: dict[tuple[str, str], Setting] = {}
    left_out: list[str] = []
    for raw in raws:
        empresa, name, value = raw
        if raw in DELIVERED_ONCE and not examples:
            left_out.append(texts.was_an_example(name=name, value=value, empresa=empresa))
            continue
        try:
            one = checked(empresa, name, value, empresas)
        except ConfigurationError as error:
            left_out.append(f"{name}={value} ({empresa}): {error}")
            continue
        settings[one.empresa, one.name] = one
    return tuple(settings.values()), tuple(left_out)
