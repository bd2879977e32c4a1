"""How staff call the records of each endpoint, and where one stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "categorias": ("categoria", "categorias"),
    "departamentos": ("departamento", "departamentos"),
    "projetos": ("projeto", "projetos"),
    "vendedores": ("profissional", "profissionais"),
    "associar_clientes": ("vínculo de cadastro", "vínculos de cadastro"),
    "clientes": ("paciente ou fornecedor", "pacientes e fornecedores"),
    "clientes_cpf_cnpj": ("cadastro pelo CPF", "cadastros pelo CPF"),
    "servicos": ("procedimento", "procedimentos"),
    "contratos": ("contrato", "contratos"),
    "situacao_contratos": ("situação de contrato", "situações de contrato"),
    "estornar_baixas_receber": ("estorno de recebimento", "estornos de recebimento"),
    "estornar_baixas_pagar": ("estorno de pagamento", "estornos de pagamento"),
    "contas_receber": ("recebimento", "recebimentos"),
    "contas_pagar": ("conta a pagar", "contas a pagar"),
    "baixas_receber": ("baixa de recebimento", "baixas de recebimento"),
    "baixas_pagar": ("baixa de conta a pagar", "baixas de contas a pagar"),
    "ordens_servico": ("ordem de serviço", "ordens de serviço"),
    "faturar_os": ("nota a emitir", "notas a emitir"),
    "excluir_contas_receber": ("exclusão de recebimento", "exclusões de recebimento"),
    "excluir_contas_pagar": ("exclusão de conta a pagar", "exclusões de contas a pagar"),
}
STATES: Final[Mapping[str, str]] = {
    "quarantined": "barrado aqui",
    "rejected": "recusado pelo Omie",
    "held": "esperando",
    "confirmed": "está no Omie",
    "deleted": "excluído do Omie",
}
