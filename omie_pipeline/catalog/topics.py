"""What each webhook topic makes us read again, as pure data (omie-api.md#webhook-topics).

An event is a trigger, never the truth: its shape is not the API's. Only two finance shapes are
recorded, so ids are looked for by the name of their key, at any depth of the event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["changed", "removed"]
AUTHOR_API = "89"
"""``author.userId`` of what came through the API (omie-api.md#webhook-events): our own changes are
announced too."""
_DEEPEST = 8
_IDS_AT_MOST = 1_000


@dataclass(frozen=True, slots=True)
class NamedRows:
    """Rows of the mirror that an event names.

    Attributes:
        table: list to read again (a name of ``MIRROR``).
        rows: table of schema ``omie`` that holds them.
        column: its column that holds the id.
        keys: keys of the event whose values are such ids.
        must: after a change the row has to be there; otherwise Omie may have none for good.
        stays: a removal only changes it (the title of an undone settlement).
    """

    table: str
    rows: str
    column: str
    keys: tuple[str, ...]
    must: bool = True
    stays: bool = False


@dataclass(frozen=True, slots=True)
class TopicRule:
    """What one family of topics (everything that begins with ``prefix``) re-reads.

    Attributes:
        prefix: beginning of the topic, lower case.
        named: one entry for each list to read again.
        removals: last words, lower case, after which rows may be gone.
    """

    prefix: str
    named: tuple[NamedRows, ...]
    removals: tuple[str, ...] = ("excluido", "excluida")

    @property
    def tables(self) -> tuple[str, ...]:
        """The lists to read again."""
        return tuple(named.table for named in self.named)


_TITLE, _SETTLEMENT = ("codigo_lancamento_omie",), ("codigo_baixa",)
_CLIENT = ("codigo_cliente_omie", "codigo_cliente_fornecedor", "codigo_cliente")
_ENTRY = ("nCodLanc", "codigo_lancamento", "codigo_lancamento_omie")
_ACCOUNT = ("nCodCC", "codigo_conta_corrente", "id_conta_corrente")


def _register(prefix: str, table: str, column: str, *keys: str) -> TopicRule:
    removals = ("excluido", "excluida")
    return TopicRule(prefix, (NamedRows(table, table, column, keys),), removals)


def _titles(topic: str, table: str, entry_column: str) -> tuple[TopicRule, ...]:
    title = NamedRows(table, table, "codigo_lancamento_omie", _TITLE)
    stays = NamedRows(table, table, "codigo_lancamento_omie", _TITLE, stays=True)
    balance = NamedRows("baixas", "saldos_titulos", "codigo_titulo", _TITLE, must=False)
    moved = NamedRows("movimentacoes", "movimentacoes", "codigo_titulo", _TITLE, must=False)
    settled = (
        stays,
        NamedRows("baixas", "baixas", "codigo_baixa", _SETTLEMENT),
        NamedRows("movimentacoes", "movimentacoes", "codigo_baixa", _SETTLEMENT, must=False),
        NamedRows(
            "lancamentos_conta_corrente",
            "lancamentos_conta_corrente",
            entry_column,
            _TITLE,
            must=False,
        ),
    )
    return (
        TopicRule(f"{topic}.baixa", settled, ("baixacancelada",)),
        TopicRule(f"{topic}.boleto", (title,), ()),
        TopicRule(f"{topic}.rateio", (title, moved), ()),
        TopicRule(f"{topic}.", (title, balance, moved)),
    )


def _entries(topic: str) -> TopicRule:
    entries = "lancamentos_conta_corrente"
    return TopicRule(
        topic,
        (
            NamedRows(entries, entries, "codigo_lancamento", _ENTRY),
            NamedRows("movimentacoes", "movimentacoes", "codigo_movimento_cc", _ENTRY, must=False),
        ),
    )


def _notes(topic: str, table: str, *keys: str) -> TopicRule:
    removals = (
        "excluida",
        "cancelada",
        "notacancelada",
        "notaexcluida",
        "notadenegada",
        "notasubstituida",
    )
    return TopicRule(
        topic, (NamedRows(table, "notas_fiscais", "codigo_nf", keys, must=False),), removals
    )


TOPICS: tuple[TopicRule, ...] = (
    _register("clientefornecedor.", "clientes", "codigo_cliente_omie", *_CLIENT),
    *_titles("financas.contareceber", "contas_receber", "codigo_conta_receber"),
    *_titles("financas.contapagar", "contas_pagar", "codigo_conta_pagar"),
    _entries("financas.contacorrente.lancamento."),
    _entries("financas.contacorrente.transferencia."),
    _register("financas.contacorrente.", "contas_correntes", "n_cod_cc", *_ACCOUNT),
    _register("categoria.", "categorias", "codigo", "codigo", "codigo_categoria"),
    _register("departamento.", "departamentos", "codigo", "codigo", "codigo_departamento"),
    _register("projeto.", "projetos", "codigo", "codigo", "codigo_projeto"),
    _register("vendedor.", "vendedores", "codigo", "codigo", "codigo_vendedor"),
    _notes("nfse.", "notas_servico", "nCodNF", "codigo_nf", "id_nf"),
    _notes("nfe.", "notas_produto", "nIdNF", "codigo_nf", "id_nf"),
)
"""Every family of topics that re-reads something; the first that fits counts."""


UNREAD: tuple[TopicRule, ...] = (
    _register("servico.", "servicos", "n_cod_serv", "nCodServ"),
    _register("contratoservico.", "contratos", "n_cod_ctr", "nCodCtr"),
)
"""Families of topics about records that no list is read of: what an event names is kept, so that a
change which was replaced can be told."""


def records_of(topic: str, event: object) -> dict[str, list[str]]:
    """Ids that an event names, by list or endpoint; none of a topic that is not known."""
    rule = _first(TOPICS, topic) or _first(UNREAD, topic)
    return {} if rule is None else ids_named(rule, event)


def rule_for(topic: str) -> TopicRule | None:
    """The rule of a topic, ``None`` when nothing of it is mirrored. Case does not matter."""
    return _first(TOPICS, topic)


def _first(rules: tuple[TopicRule, ...], topic: str) -> TopicRule | None:
    lowered = topic.casefold()
    return next((rule for rule in rules if lowered.startswith(rule.prefix)), None)


def action_of(topic: str) -> Action:
    """Whether the topic says that rows may be gone."""
    rule = rule_for(topic)
    last = topic.casefold().rpartition(".")[2]
    return "removed" if rule is not None and last in rule.removals else "changed"


def ids_named(rule: TopicRule, event: object) -> dict[str, list[str]]:
    """Ids in an event, by list: ``{"contas_receber": ["6301359493"]}``; lists without any left out.

    A key's first spelling that is there counts; zero and ``""`` are no ids.
    """
    found: dict[str, list[str]] = {}
    for named in rule.named:
        for key in named.keys:
            ids = dict.fromkeys(_values(event, key, 0))
            if ids:
                found[named.table] = list(ids)[:_IDS_AT_MOST]
                break
    return found


def _values(node: object, key: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name == key:
                yield from _as_id(value)
            yield from _values(value, key, depth + 1)
    elif isinstance(node, list):
        for one in node:
            yield from _values(one, key, depth + 1)


def _as_id(value: Any) -> Iterator[str]:
    text = str(value).strip() if isinstance(value, int | str) and value is not True else ""
    storable = text.isascii() and text.isprintable()
    if text and text != "0" and len(text) <= 60 and storable:
        yield text
