"""SQL that takes personal data out of a row of the mirror and leaves the facts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from omie_pipeline.privacy.person_held import CLIENTES, Held

REMOVED = "Titular removido"
# All else that Omie says of a cliente tells of the person, columns of the future included.
_KEPT_OF_CLIENTE = (
    "codigo_cliente_omie", "codigo_cliente_integracao", "pessoa_fisica", "exterior", "inativo",
    "bloqueado", "tags", "cidade", "cidade_ibge", "estado", "codigo_pais", "importado_api", "info",
    "optante_simples_nacional", "valor_limite_credito",
)  # fmt: skip
_IDENTITY_OF_CLIENTE = ("razao_social", "nome_fantasia", "cnpj_cpf")


def strip(held: Held, where: sa.ColumnElement[bool], *, identity: bool) -> sa.Update:
    """Update that removes contacts, addresses and notes of the rows under ``where``.

    Rows that have nothing of it left are not touched, so the row count is what was removed.

    Args:
        identity: replace the name by :data:`REMOVED` and remove the document too.
    """
    columns = held.table.c
    values: dict[str, Any] = dict.fromkeys(held.contacts)
    if identity:
        values |= dict.fromkeys((*held.names[1:], *held.documents))
    changes: list[sa.ColumnElement[bool]] = [columns[name].is_not(None) for name in values]
    if identity and held.names:
        # Bare rows of a statement have no name: they keep none.
        name = columns[held.names[0]]
        values[name.name] = sa.case((name.is_not(None), REMOVED), else_=None)
        changes.append(sa.and_(name.is_not(None), name != REMOVED))
    values["raw"] = _stripped(held, identity=identity)
    changes.append(columns.raw.is_distinct_from(values["raw"]))
    return sa.update(held.table).where(where, sa.or_(*changes)).values(values)


def _stripped(held: Held, *, identity: bool) -> sa.ColumnElement[Any]:
    raw = held.table.c.raw
    if held.name != CLIENTES.name:
        return sa.func.omie.sem_dados_pessoais(raw, identity, type_=raw.type)
    kept = _KEPT_OF_CLIENTE if identity else (*_KEPT_OF_CLIENTE, *_IDENTITY_OF_CLIENTE)
    fields = sa.literal(list(kept), sa.ARRAY(sa.Text))
    return sa.func.omie.so_campos(raw, fields, type_=raw.type)
