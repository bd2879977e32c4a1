"""Columns that the canonical clinic tables share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "date", "numeric(15,2)", "bigint", "integer", "boolean", "timestamptz"]
Grain = Literal["register", "fact"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a canonical table.

    Attributes:
        type: PostgreSQL's.
        significado: its meaning, in Portuguese.
        meaning: the same in English; dbt's description.
        required_when: ``""`` for a column that may always be empty.
        refers_to: the canonical table that has a row of this id.
        accepted: the values it may have; empty: any.
        not_null: dbt warns where it is NULL.
    """

    name: str
    type: ColumnType
    significado: str
    meaning: str
    required_when: str = ""
    refers_to: str = ""
    accepted: tuple[str, ...] = ()
    not_null: bool = False


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


def text(
    name: str,
    significado: str,
    meaning: str,
    required_when: str = "",
    *,
    not_null: bool = False,
    accepted: tuple[str, ...] = (),
) -> Column:
    """A text column.

    Args:
        name: the name of the column.
        significado: meaning, in Portuguese.
        meaning: meaning, in English.
        required_when: condition under which it must be filled, ``""`` for always.
        not_null: whether it is never empty.
        accepted: the closed list of its values.
    """
    return Column(
        name, "text", significado, meaning, required_when, accepted=accepted, not_null=not_null
    )


def date(
    name: str,
    significado: str,
    meaning: str,
    required_when: str = "",
    *,
    not_null: bool = False,
) -> Column:
    """A calendar day, without time.

    Args:
        name: the name of the column.
        significado: meaning, in Portuguese.
        meaning: meaning, in English.
        required_when: condition under which it must be filled, ``""`` for always.
        not_null: whether it is never empty.
    """
    return Column(name, "date", significado, meaning, required_when, not_null=not_null)


def numeric(
    name: str,
    significado: str,
    meaning: str,
    required_when: str = "",
    *,
    not_null: bool = False,
) -> Column:
    """Money in R$, exact, two decimals.

    Args:
        name: the name of the column.
        significado: meaning, in Portuguese.
        meaning: meaning, in English.
        required_when: condition under which it must be filled, ``""`` for always.
        not_null: whether it is never empty.
    """
    return Column(name, "numeric(15,2)", significado, meaning, required_when, not_null=not_null)


def integer(name: str, significado: str, meaning: str, required_when: str = "") -> Column:
    """A whole number.

    Args:
        name: the name of the column.
        significado: meaning, in Portuguese.
        meaning: meaning, in English.
        required_when: condition under which it must be filled, ``""`` for always.
    """
    return Column(name, "integer", significado, meaning, required_when)


def boolean(name: str, significado: str, meaning: str) -> Column:
    """Yes, no, or not said (NULL)."""
    return Column(name, "boolean", significado, meaning)


def reference(
    name: str,
    table: str,
    required_when: str = "",
    meaning: str = "",
    *,
    significado: str = "",
    not_null: bool = False,
) -> Column:
    """The id of a row of another canonical table.

    Args:
        name: the name of the column.
        table: the table that it points at.
        required_when: condition under which it must be filled, ``""`` for always.
        meaning: what the row is, put before the table's name; ``""``: the name says it.
        significado: the same in Portuguese.
        not_null: whether it is never empty.
    """
    portuguese, english = (f"{says}; " if says else "" for says in (significado, meaning))
    return Column(
        name,
        "text",
        f"{portuguese}id em {table}",
        f"{english}id in {table}",
        required_when,
        refers_to=table,
        not_null=not_null,
    )


EMPRESA = text(
    "empresa",
    "Empresa (um app do Omie)",
    "Company: one Omie app; part of every key",
    "always",
    not_null=True,
)
ID = text(
    "id",
    "Identificador estável, nunca reaproveitado",
    "Stable identifier in the clinic's system, never used again; Omie's integration code is made "
    "of it: with its prefix at most 60 characters, shortened where Omie keeps fewer",
    "always",
    not_null=True,
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
    text(
        "email", "E-mail; vários, separados por vírgula", "E-mail; several are separated by a comma"
    ),
    text(
        "telefone",
        "Telefone com DDD, do Brasil, com qualquer pontuação",
        "Brazilian telephone with area code, in any punctuation",
    ),
)
ADDRESS = (
    text("logradouro", "Rua, avenida, ...", "Street, with its kind (Rua, Avenida)", "always"),
    text("numero", "Número ou S/N", "House number, or S/N", "always"),
    text("complemento", "Complemento", "Flat, block, floor"),
    text("bairro", "Bairro", "District", "always"),
    text(
        "cidade",
        "Município do IBGE que exista na UF",
        "Municipality of that UF, in any case, with or without accents",
        "always",
    ),
    text("uf", "Sigla ou nome do estado", "State, two letters or written out", "always"),
    text("cep", "CEP dentro da faixa da UF", "Postal code inside the UF's range", "always"),
)
FACT_DATES_AND_VALUE = (
    date(
        "data",
        "Data do movimento: escolhe a partição",
        "Business date: the day of the movement and of its partition",
        "always",
        not_null=True,
    ),
    date("data_vencimento", "Vencimento", "Due date", "always", not_null=True),
    numeric(
        "valor",
        "Valor em R$, maior que zero",
        "Amount in R$, exact, above zero",
        "always",
        not_null=True,
    ),
)
CODIGO_CATEGORIA = text(
    "codigo_categoria",
    "Categoria ativa do Omie, ou a da clínica, que o de-para traduz; vazio usa a padrão",
    "Active Omie category, or the clinic's own, which is mapped; empty takes the default",
)
PRODUTO = text(
    "produto",
    "Nome do produto; vai na observação do título",
    "Name of the product; becomes the remark of the título",
    "always",
)
NUMERO_DOCUMENTO = text(
    "numero_documento",
    "Número do documento (recibo, nota); o Omie guarda 20 caracteres",
    "Number of the document (receipt, invoice); Omie keeps 20 characters",
)
OBSERVACAO = text("observacao", "Observação", "Free text, kept in the record at Omie")
