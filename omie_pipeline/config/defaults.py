"""Defaults of each empresa: the category, account or code of a row that says none itself.

They belong to the installation, not to the program: they live in the warehouse, and a file of the
user's own may be imported. A default has a name (``receipt_category``); the account of one payment
method is ``account.`` and the method (``account.PIX``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.imports.references import usable_categorias, usable_contas_correntes
from omie_pipeline.postgres.defaults_tables import (
    NO,
    YES,
    default_import,
    empresa_default,
    payment_account,
)
from omie_pipeline.postgres.engine import warehouse_errors

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
        raise ValueError("deve ser o código de uma categoria do Omie, como 1.01.01")
    return text


def _account(text: str) -> str:
    digits = text.isascii() and text.isdigit()
    if not digits or not 0 < int(text) <= _LARGEST_ACCOUNT:
        raise ValueError("deve ser o número de uma conta corrente do Omie (nCodCC), só algarismos")
    return str(int(text))


def _yes_no(text: str) -> str:
    if text.upper() not in _YES_NO:
        raise ValueError("deve ser S ou N")
    return _YES_NO[text.upper()]


def _days(text: str) -> str:
    if not (text.isascii() and text.isdigit() and int(text) <= _LONGEST_DAYS):
        raise ValueError(f"deve ser um número de dias, de 0 a {_LONGEST_DAYS}")
    return str(int(text))


def _text(text: str) -> str:
    if len(text) > _LONGEST_CHARACTERS or not text.isprintable():
        raise ValueError(f"deve ser um texto de até {_LONGEST_CHARACTERS} caracteres")
    return text


_LISTED: Final = (
    Default("receipt_category", "categoria_padrao_agenda", _category,
            "categoria dos recebimentos cujo procedimento não tem"),
    Default("repasse_category", "categoria_padrao_repasse", _category,
            "categoria dos repasses aos profissionais"),
    Default("sale_category", "categoria_padrao_venda", _category,
            "categoria das vendas de produtos que não dizem a sua"),
    Default("expense_category", "categoria_padrao_despesa", _category,
            "categoria das despesas que não dizem a sua"),
    Default("purchase_category", "categoria_padrao_compra", _category,
            "categoria das compras de produtos que não dizem a sua"),
    Default("account", "conta_corrente_padrao", _account,
            "conta corrente (nCodCC) quando a forma de pagamento não diz"),
    Default("bill_orders", "faturar_os_automaticamente", _yes_no,
            "S: toda ordem de serviço vira NFS-e na hora"),
    Default("order_for_every_receipt", "gerar_os_sempre", _yes_no,
            "S: todo recebimento gera ordem de serviço"),
    Default("professionals_are_sellers", "profissional_como_vendedor", _yes_no,
            "S: os profissionais são vendedores no Omie"),
    Default("repasse_days", "prazo_repasse_dias", _days,
            "dias do recebimento ao repasse, quando a regra não diz (vazio: 30)"),
    Default("lc116", "lc116_padrao", _text,
            "código LC 116 dos procedimentos que não têm"),
    Default("municipal_service", "servico_municipal_padrao", _text,
            "código municipal dos procedimentos que não têm"),
    Default("taxation", "tributacao_padrao", _text,
            "tributação (cIdTrib) dos procedimentos que não têm"),
    Default("service_city", "cidade_prestacao", _text,
            "cidade da prestação, como no Omie: SAO PAULO (SP)"),
    Default("order_terms", "condicao_parcela_os", _text,
            "condição de pagamento das ordens (cCodParc; vazio: 000)"),
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
            f"Não existe a empresa {empresa} (existem: {', '.join(empresas)}; "
            f"{ALL} vale para todas)"
        )
    method = name.removeprefix(ACCOUNT_OF).strip() if name.startswith(ACCOUNT_OF) else None
    if method is not None:
        name = f"{ACCOUNT_OF}{_checked(name, method, _text)}"
    return Setting(empresa, name, _checked(name, value, _account if method else _of(name).read))


def _of(name: str) -> Default:
    if name not in DEFAULTS:
        raise ConfigurationError(
            f"Não existe o padrão {name} (existem: {', '.join(DEFAULTS)} e {ACCOUNT_OF}FORMA, "
            "como account.PIX)"
        )
    return DEFAULTS[name]


def _checked(name: str, text: str, read: Callable[[str], str]) -> str:
    if not text:
        raise ConfigurationError(f"{name}: o valor está vazio; para tirar um padrão, use unset")
    try:
        return read(text)
    except ValueError as error:
        raise ConfigurationError(f"{name}: {error}; veio {text!r}") from None


def set_defaults(engine: sa.Engine, settings: Sequence[Setting]) -> None:
    """Keep ``settings``; those of other names stay."""
    with warehouse_errors(), engine.begin() as connection:
        _write(connection, settings)


def import_defaults(
    engine: sa.Engine, settings: Sequence[Setting], source: str, at: datetime, *, replace: bool
) -> None:
    """Keep ``settings`` and where they came from.

    Args:
        engine: the warehouse.
        settings: the settings to keep.
        source: where they come from.
        at: time of the change.
        replace: whatever they do not name is removed.
    """
    with warehouse_errors(), engine.begin() as connection:
        if replace:
            connection.execute(sa.delete(empresa_default))
            connection.execute(sa.delete(payment_account))
        _write(connection, settings)
        connection.execute(
            sa.insert(default_import).values(source=source, settings=len(settings), imported_at=at)
        )


def unset_defaults(engine: sa.Engine, empresa: str, names: Sequence[str]) -> tuple[str, ...]:
    """Remove defaults; returns the names that were there.

    Raises:
        ConfigurationError: no such default.
    """
    there = {one.name for one in listed_defaults(engine) if one.empresa == empresa}
    for name in names:
        if not name.startswith(ACCOUNT_OF):
            _of(name)
    found = tuple(name for name in names if name in there)
    plain = {name: None for name in found if name in DEFAULTS}
    methods = [Setting(empresa, name, "").method for name in found if name not in DEFAULTS]
    with warehouse_errors(), engine.begin() as connection:
        if plain:
            of_empresa = empresa_default.c.empresa == empresa
            connection.execute(sa.update(empresa_default).where(of_empresa).values(plain))
        connection.execute(
            sa.delete(payment_account).where(
                payment_account.c.empresa == empresa, payment_account.c.payment_method.in_(methods)
            )
        )
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
                problem = _problem(accounts, one.value, "conta corrente")
            else:
                continue
            if problem:
                told.append(f"{one.name} ({empresa}): {problem}")
    return tuple(told)


def _problem(usable: Mapping[str, bool], code: str, what: str) -> str:
    if not usable or usable.get(code):
        return ""
    if code in usable:
        return f"a {what} {code} está inativa no Omie, ou é só um grupo de totais"
    return f"a {what} {code} não existe no Omie"


def _write(connection: sa.Connection, settings: Sequence[Setting]) -> None:
    plain: dict[str, dict[str, Any]] = {}
    for one in settings:
        if one.method:
            values = {
                "empresa": one.empresa,
                "payment_method": one.method,
                "account": int(one.value),
            }
            _upsert(connection, payment_account, values)
        else:
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
