"""Columns that the canonical clinic tables share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "date", "numeric(15,2)", "bigint", "integer", "boolean", "timestamptz"]
Grain = Literal["register", "fact"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: PostgreSQL type, meaning in both languages, when a value is needed.

    ``required_when`` is ``""`` for a column that may always be empty.
    """

    name: str
    type: ColumnType
    significado: str
    meaning: str
    required_when: str = ""


@dataclass(frozen=True, slots=True)
class ClinicTable:
    """One canonical table.

    Attributes:
        name: its name in every schema.
        grain: ``register`` (people and lists, one partition per empresa) or ``fact`` (movements of
            money, one partition per business date and empresa).
        business_date: the column that says to which day a row belongs.
        meaning: one sentence, in Portuguese and in English.
        goes_to: where its rows end up in Omie.
        columns: all columns, ``empresa`` and ``atualizado_em`` too; the key is (empresa, id).
        optional: a clinic without the table is complete.
        optional_columns: columns that a source may lack altogether; they then read as NULL.
    """

    name: str
    grain: Grain
    business_date: str
    meaning: str
    goes_to: str
    columns: tuple[Column, ...]
    optional: bool = False
    optional_columns: tuple[str, ...] = ()


def text(name: str, significado: str, meaning: str, required_when: str = "") -> Column:
    """A text column."""
    return Column(name, "text", significado, meaning, required_when)


def date(name: str, significado: str, meaning: str, required_when: str = "") -> Column:
    """A calendar day, without time."""
    return Column(name, "date", significado, meaning, required_when)


def numeric(name: str, significado: str, meaning: str, required_when: str = "") -> Column:
    """Money in R$, exact, two decimals."""
    return Column(name, "numeric(15,2)", significado, meaning, required_when)


def integer(name: str, significado: str, meaning: str, required_when: str = "") -> Column:
    """A whole number."""
    return Column(name, "integer", significado, meaning, required_when)


def boolean(name: str, significado: str, meaning: str) -> Column:
    """Yes, no, or not said (NULL)."""
    return Column(name, "boolean", significado, meaning)


def reference(name: str, table: str, required_when: str = "") -> Column:
    """The id of a row of another canonical table."""
    return text(name, f"id em {table}", f"id in {table}", required_when)


EMPRESA = text("empresa", "Empresa (um app do Omie)", "Company: one Omie app", "always")
ID = text(
    "id",
    "Identificador estável, nunca reaproveitado",
    "Stable identifier, never used again; with its prefix at most 60 characters, shortened where "
    "Omie keeps fewer",
    "always",
)
DATA_CADASTRO = date("data_cadastro", "Data do cadastro", "Day the record was made; not sent")
ATUALIZADO_EM = Column(
    "atualizado_em",
    "timestamptz",
    "Última alteração da linha; move a extração incremental",
    "Last change of the row; drives the incremental extract",
    "the extract goes by it",
)
CONTACT = (
    text("email", "E-mail", "E-mail"),
    text("telefone", "Telefone com DDD, do Brasil", "Brazilian telephone with area code"),
)
ADDRESS = (
    text("logradouro", "Rua, avenida, ...", "Street", "always"),
    text("numero", "Número ou S/N", "House number, or S/N", "always"),
    text("complemento", "Complemento", "Flat, floor, ..."),
    text("bairro", "Bairro", "District", "always"),
    text("cidade", "Município do IBGE que exista na UF", "Municipality of that UF", "always"),
    text("uf", "Sigla ou nome do estado", "State, two letters or written out", "always"),
    text("cep", "CEP dentro da faixa da UF", "Postal code inside the UF's range", "always"),
)
FACT_DATES_AND_VALUE = (
    date("data", "Data do movimento: escolhe a partição", "Business date: its partition", "always"),
    date("data_vencimento", "Vencimento", "Due date", "always"),
    numeric("valor", "Valor em R$, maior que zero", "Amount in R$, above zero", "always"),
)
CODIGO_CATEGORIA = text(
    "codigo_categoria",
    "Categoria ativa do Omie; vazio usa a padrão",
    "Active Omie category; empty takes the default",
)
PRODUTO = text("produto", "Nome do produto", "Name of the product", "always")
NUMERO_DOCUMENTO = text("numero_documento", "Número do documento", "Document number")
OBSERVACAO = text("observacao", "Observação", "Note")
