"""How the tables of schema ``omie`` hold a person."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.postgres.all_tables import tables
from omie_pipeline.texts import privacy as texts


@dataclass(frozen=True, slots=True)
class PersonPlace:
    """How one table of schema ``omie`` holds a person.

    Attributes:
        title: its heading, in Portuguese.
        client: column of Omie's client id, ``""`` if rows have none.
        titulo: column of Omie's título id, ``""`` if rows have none.
        documents: columns of CPF or CNPJ.
        names, contacts: other personal columns; contacts, addresses and notes are ``contacts``.
    """

    name: str
    title: str
    client: str = ""
    titulo: str = ""
    documents: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()

    @property
    def table(self) -> sa.Table:
        """The table itself."""
        return tables.metadata.tables[f"{tables.OMIE}.{self.name}"]


_NOTE = ("observacao",)
_CLIENTES = MIRROR["clientes"].columns
CLIENTES = PersonPlace(
    "clientes",
    texts.CLIENT_TITLE,
    client="codigo_cliente_omie",
    documents=("cnpj_cpf",),
    names=("razao_social", "nome_fantasia"),
    contacts=(
        *(c.name for c in _CLIENTES if c.personal in ("contact", "note")),
        "contato",
        # RG may travel in the first (rg_destino of the dbt project).
        "inscricao_estadual",
        "inscricao_municipal",
    ),
)
HELD = (
    CLIENTES,
    PersonPlace(
        "contas_receber",
        texts.RECEIVABLE_TITLE,
        client="codigo_cliente_fornecedor",
        titulo="codigo_lancamento_omie",
        contacts=_NOTE,
    ),
    PersonPlace(
        "contas_pagar",
        texts.PAYABLE_TITLE,
        client="codigo_cliente_fornecedor",
        titulo="codigo_lancamento_omie",
        contacts=_NOTE,
    ),
    PersonPlace(
        "saldos_titulos",
        texts.BALANCES_TITLE,
        client="codigo_cliente",
        titulo="codigo_titulo",
        documents=("documento",),
    ),
    PersonPlace("baixas", texts.SETTLEMENTS_TITLE, titulo="codigo_titulo", contacts=_NOTE),
    PersonPlace(
        "movimentacoes",
        texts.MOVEMENTS_TITLE,
        client="codigo_cliente",
        titulo="codigo_titulo",
        documents=("documento",),
        contacts=_NOTE,
    ),
    PersonPlace(
        "lancamentos_conta_corrente",
        texts.ACCOUNT_ENTRIES_TITLE,
        client="codigo_cliente",
        contacts=_NOTE,
    ),
    PersonPlace(
        "notas_fiscais",
        texts.INVOICES_TITLE,
        client="codigo_cliente",
        documents=("documento", "documento_cpf"),
    ),
    PersonPlace(
        "extrato_linhas",
        texts.STATEMENT_LINES_TITLE,
        client="codigo_cliente",
        documents=("documento",),
        names=("nome_cliente",),
        contacts=_NOTE,
    ),
)
"""Every table of the mirror that may name a client or supplier."""
SALDOS = next(held for held in HELD if held.name == "saldos_titulos")
TITLES = tuple(held for held in HELD if held.name in ("contas_receber", "contas_pagar"))
