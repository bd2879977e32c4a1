"""Settlements of títulos: LancarRecebimento, LancarPagamento, and taking them back.

Repeating either settles twice (omie-api.md#settlements): nothing but a read tells whether one whose
answer was lost, or whose ledger was lost, took effect.
"""

from omie_pipeline.catalog.model import Endpoint, Proof
from omie_pipeline.catalog.services import load_service

_TITULOS = load_service("financas_pesquisartitulos")
_PROOF = Proof(_TITULOS, "PesquisarLancamentos", "cCodIntTitulo")


def _baixas(name: str, title: str, service: str, method: str, titulos: str) -> Endpoint:
    return Endpoint(
        name=name,
        title=title,
        service=load_service(service),
        grain="fact",
        integration_key="codigo_baixa_integracao",
        omie_key="codigo_baixa",
        insert=method,
        effect="settlement",
        either=(("codigo_lancamento", "codigo_lancamento_integracao"),),
        references=(("codigo_lancamento_integracao", titulos),),
        value_field="valor",
        likeness=("codigo_lancamento_integracao", "codigo_lancamento", "valor", "data"),
        # Reconciled at the clinic later on is no other payment.
        once=("conciliar_documento",),
        proof=_PROOF,
        find_existing=True,
    )


def _estornos(name: str, title: str, service: str, method: str, baixas: str) -> Endpoint:
    return Endpoint(
        name=name,
        title=title,
        service=load_service(service),
        grain="fact",
        integration_key="codigo_baixa_integracao",
        omie_key="codigo_baixa",
        delete=method,
        delete_omie_key="codigo_baixa",
        effect="settlement",
        either=(("codigo_baixa", "codigo_baixa_integracao"),),
        deletes=baixas,
        proof=_PROOF,
    )


BAIXAS_RECEBER = _baixas(
    "baixas_receber",
    "Baixas de contas a receber",
    "financas_contareceber",
    "LancarRecebimento",
    "contas_receber",
)
BAIXAS_PAGAR = _baixas(
    "baixas_pagar",
    "Baixas de contas a pagar",
    "financas_contapagar",
    "LancarPagamento",
    "contas_pagar",
)
ESTORNAR_BAIXAS_RECEBER = _estornos(
    "estornar_baixas_receber",
    "Estornar baixas de contas a receber",
    "financas_contareceber",
    "CancelarRecebimento",
    "baixas_receber",
)
ESTORNAR_BAIXAS_PAGAR = _estornos(
    "estornar_baixas_pagar",
    "Estornar baixas de contas a pagar",
    "financas_contapagar",
    "CancelarPagamento",
    "baixas_pagar",
)
