"""financas/contareceber and financas/contapagar: títulos, and what may be done to them when."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from omie_pipeline.simulator import check_digits
from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.faults import Noun
from omie_pipeline.simulator.engine.fields import is_blank
from omie_pipeline.simulator.engine.state import AppState, Record, day_of
from omie_pipeline.simulator.rules.base import (
    Context,
    EndpointRules,
    in_day_window,
    is_inactive,
    same_text,
)

SETTLEMENTS = "_baixas"
CANCELLED = "_cancelado"

_CLIENTE = Noun("Cliente")
_CATEGORIA = Noun("Categoria", feminine=True)
_CONTA = Noun("Conta Corrente", feminine=True)
_CENTS = -2


def open_balance(record: Record) -> Decimal:
    """What is still to be paid, in reais."""
    paid = sum(
        (Decimal(item["valor"]) + Decimal(item.get("desconto") or 0) for item in _settled(record)),
        Decimal(0),
    )
    return Decimal(record.get("valor_documento") or 0) - paid


def _settled(record: Record) -> list[Record]:
    settlements: list[Record] = record.get(SETTLEMENTS) or []
    return settlements


class TituloRules(EndpointRules):
    """Both sides; ``side`` is ``R`` for receivables and ``P`` for payables."""

    noun = Noun("Lançamento")

    def __init__(self, side: Literal["R", "P"]) -> None:
        self._paid_word = "RECEBIDO" if side == "R" else "PAGO"
        self._origins = (f"API{side}", f"MAN{side}")
        self.empty_list = "zero" if side == "R" else "fault"
        boleto = {"boleto": {"cGerado": "N"}} if side == "R" else {}
        self.kept_in_lists = {"distribuicao": [], **boleto}
        self.shown_on_request = {"observacao": "exibir_obs"}

    def excused(self, context: Context) -> frozenset[str]:
        return super().excused(context) | {"data_previsao"}

    def before_write(self, context: Context, record: Record, sent: Record) -> None:
        _check_cents(sent.get("valor_documento"))
        self._bind_cliente(context, record, sent)
        self._check_account(context, record, sent)
        self._check_categories(context, record, sent)
        today = context.now.strftime("%d/%m/%Y")
        defaults = {
            "data_previsao": record.get("data_vencimento"),
            "data_registro": today,
            "numero_parcela": "001/001",
            "id_origem": self._origins[context.by_person],
            "operacao": "01",
        }
        known = {item.name for item in context.endpoint.record.fields}
        for tag, value in defaults.items():
            if tag in known and is_blank(record.get(tag)):
                record[tag] = value

    @staticmethod
    def _bind_cliente(context: Context, record: Record, sent: Record) -> None:
        clientes = context.other("clientes")
        omie_id = sent.get("codigo_cliente_fornecedor")
        code = sent.get("codigo_cliente_fornecedor_integracao")
        if clientes is None or (not omie_id and not code):
            return
        cliente = clientes.get(omie_id) if omie_id else clientes.by_code(str(code))
        if cliente is None:
            if omie_id:
                raise faults.not_found_by_id(_CLIENTE, omie_id)
            raise faults.not_found_by_code(_CLIENTE, str(code))
        if is_inactive(cliente):
            raise faults.reference_inactive(_CLIENTE, omie_id or code)
        record["codigo_cliente_fornecedor"] = clientes.key_of(cliente)
        record["codigo_cliente_fornecedor_integracao"] = clientes.code_of(cliente)

    @staticmethod
    def _check_account(context: Context, record: Record, sent: Record) -> None:
        if not record.get("id_conta_corrente") and context.behaviour.require_account:
            raise faults.missing_tag("id_conta_corrente")
        check_account(context, sent.get("id_conta_corrente"))

    def _check_categories(self, context: Context, record: Record, sent: Record) -> None:
        single, several = sent.get("codigo_categoria"), sent.get("categorias")
        if not single and not several:
            return
        for code in [single] if not several else [item.get("codigo_categoria") for item in several]:
            self._check_category(context, str(code or ""))
        value = Decimal(record.get("valor_documento") or 0)
        if not several:
            record["categorias"] = [{"codigo_categoria": single, "percentual": 100, "valor": value}]
            return
        if any("percentual" in item for item in several):
            if sum(Decimal(item.get("percentual") or 0) for item in several) != 100:
                raise faults.categories_do_not_add_up()
        elif sum(Decimal(item.get("valor") or 0) for item in several) != value:
            raise faults.categories_do_not_add_up()
        record["codigo_categoria"] = several[0].get("codigo_categoria")

    @staticmethod
    def _check_category(context: Context, code: str) -> None:
        categories = context.other("categorias")
        if categories is None:
            return
        category = categories.get(code)
        # A group only adds up the ones below it: no título may name it.
        if category is None or category.get("totalizadora") == "S":
            raise faults.reference_missing(_CATEGORIA, code)
        if is_inactive(category):
            raise faults.reference_inactive(_CATEGORIA, code)

    def guard(self, context: Context, record: Record, action: str) -> None:
        if context.by_person:
            return
        if _settled(record):
            raise faults.settled(action)
        if record.get(CANCELLED) and action != "excluir":
            raise faults.cancelled(action)

    def adopt(self, app: AppState, record: Record) -> None:
        """Ids, account and day of settlements that come with a seeded título."""
        record.setdefault("id_origem", self._origins[1])
        if items := record.get(SETTLEMENTS):
            record[SETTLEMENTS] = [_completed(app, record, item) for item in items]

    def present(self, context: Context, record: Record) -> Record:
        return {**record, "status_titulo": self.status_of(context, record)}

    def status_of(self, context: Context, record: Record) -> str:
        """The row's word, derived from today's date (omie-api.md#status-words)."""
        if record.get(CANCELLED):
            return "CANCELADO"
        if _settled(record) and open_balance(record) <= 0:
            return self._paid_word
        due, today = day_of(str(record.get("data_vencimento"))), context.now.date()
        if due is None or due > today:
            return "A VENCER"
        return "VENCE HOJE" if due == today else "ATRASADO"

    def matches(self, context: Context, record: Record, sent: Record) -> bool:
        return (
            super().matches(context, record, sent)
            and _same_where_asked(record, sent)
            and in_day_window(
                record.get("data_emissao"),
                sent.get("filtrar_por_emissao_de"),
                sent.get("filtrar_por_emissao_ate"),
            )
            and in_day_window(
                record.get("data_registro"),
                sent.get("filtrar_por_registro_de"),
                sent.get("filtrar_por_registro_ate"),
            )
            and self._passes_status(context, record, sent)
            and _has_document(context, record, sent.get("filtrar_por_cpf_cnpj"))
        )

    def _passes_status(self, context: Context, record: Record, sent: Record) -> bool:
        open_only = sent.get("filtrar_apenas_titulos_em_aberto") == "S"
        if open_only and not self.has_status(context, record, "EMABERTO"):
            return False
        wanted = sent.get("filtrar_por_status")
        return not wanted or self.has_status(context, record, wanted)

    def has_status(self, context: Context, record: Record, wanted: str) -> bool:
        """One of the filter words (omie-api.md#status-words)."""
        word = self.status_of(context, record)
        closed = word in {self._paid_word, "CANCELADO"}
        paid = bool(_settled(record)) and open_balance(record) <= 0
        if same_text(wanted, "LIQUIDADO") or same_text(wanted, self._paid_word):
            return paid  # also one that was cancelled later (seen)
        if same_text(wanted, "EMABERTO"):
            return not closed
        if same_text(wanted, "PAGTO_PARCIAL"):
            return bool(_settled(record)) and not closed
        return same_text(wanted, word)


def _completed(app: AppState, record: Record, item: Record) -> Record:
    info = record.get("info") or {}
    whole = {
        "codigo_baixa_integracao": "",
        "codigo_conta_corrente": record.get("id_conta_corrente") or 0,
        "desconto": 0,
        "juros": 0,
        "multa": 0,
        "data": info.get("dInc"),
        **item,
    }
    for tag in ("codigo_baixa", "codigo_lancamento_cc"):
        whole[tag] = whole.get(tag) or app.new_id()
    by = {tag: info.get(tag) for tag in ("uInc", "uAlt", "cImpAPI")}
    day = whole["data"]
    made = {"dInc": day, "hInc": "12:00:00", "dAlt": day, "hAlt": "12:00:00", **by}
    whole.setdefault("info", made)
    return whole


def check_account(context: Context, omie_id: object) -> None:
    """A conta corrente that a título or a settlement names must exist and be active."""
    accounts = context.other("contas_correntes")
    if not isinstance(omie_id, int) or not omie_id or accounts is None:
        return
    account = accounts.get(omie_id)
    if account is None:
        raise faults.reference_missing(_CONTA, omie_id)
    if is_inactive(account):
        raise faults.reference_inactive(_CONTA, omie_id)


def _check_cents(value: object) -> None:
    if isinstance(value, Decimal):
        exponent = value.normalize().as_tuple().exponent
        if not isinstance(exponent, int) or exponent < _CENTS:
            raise faults.wrong_value("valor_documento", "2 casas decimais")


def _same_where_asked(record: Record, sent: Record) -> bool:
    asked = {
        "filtrar_conta_corrente": "id_conta_corrente",
        "filtrar_cliente": "codigo_cliente_fornecedor",
        "filtrar_por_projeto": "codigo_projeto",
        "filtrar_por_vendedor": "codigo_vendedor",
    }
    return all(
        not sent.get(filter_tag) or record.get(tag) == sent[filter_tag]
        for filter_tag, tag in asked.items()
    )


def _has_document(context: Context, record: Record, wanted: object) -> bool:
    if not wanted:
        return True
    clientes = context.other("clientes")
    cliente = clientes and clientes.get(record.get("codigo_cliente_fornecedor") or 0)
    held = check_digits.bare(str((cliente or {}).get("cnpj_cpf") or ""))
    return held == check_digits.bare(str(wanted))
