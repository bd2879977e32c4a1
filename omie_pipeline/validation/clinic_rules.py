"""What each rule of :class:`ClinicRules` asks for and why, in the words of both audiences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class RuleMeaning(NamedTuple):
    """One rule in Portuguese (``omie-pipeline rules``) and in English (``docs/validation.md``)."""

    significado: str
    meaning: str


CLINIC_RULES: Final[Mapping[str, RuleMeaning]] = {
    "require_document": RuleMeaning(
        "Todo paciente, profissional e fornecedor tem CPF ou CNPJ: por ele o Omie reconhece o "
        "cadastro. Desligue se a clínica atende estrangeiros sem CPF; o que está preenchido é "
        "conferido do mesmo jeito.",
        "Every patient, professional and supplier has a CPF or CNPJ, by which Omie knows them. "
        "Switch it off for foreigners without a CPF; a document that is filled in is checked all "
        "the same.",
    ),
    "require_rg": RuleMeaning(
        "O paciente de uma ordem de serviço tem RG e órgão emissor, que a nota pede. Só vale junto "
        "com os_requires_patient.",
        "The patient of an ordem de serviço has an RG with its issuer, which the note asks for. It "
        "holds together with os_requires_patient only.",
    ),
    "require_rg_of_patients": RuleMeaning(
        "Todo paciente tem RG e órgão emissor, mesmo sem ordem de serviço. Sem esta regra, um "
        "sistema que não guarda RG entrega pacientes e recebimentos.",
        "Every patient has an RG with its issuer, even without an ordem de serviço. With it off, a "
        "system that keeps no RG delivers its patients and receipts.",
    ),
    "require_address": RuleMeaning(
        "Endereço, número, bairro, cidade, UF e CEP estão completos: a nota precisa deles. O que "
        "está preenchido é conferido do mesmo jeito.",
        "Street, number, district, city, UF and CEP are complete, because a note needs them. Parts "
        "that are filled in are checked all the same.",
    ),
    "require_payment_method": RuleMeaning(
        "Recebimentos, vendas, despesas, compras e pagamentos têm uma forma de pagamento que há "
        "na clínica, com seu tipo de documento. Desligada, o dinheiro vai para a conta padrão.",
        "Receipts, sales, expenses, purchases and payments name a payment method that the clinic "
        "has, with its document type. With it off, the money goes to the default account.",
    ),
    "require_conta_corrente": RuleMeaning(
        "Todo título tem uma conta corrente do Omie.",
        "Every título names a conta corrente of Omie.",
    ),
    "require_category": RuleMeaning(
        "Todo título tem uma categoria do Omie.",
        "Every título names a categoria of Omie.",
    ),
    "os_requires_patient": RuleMeaning(
        "O paciente de uma ordem de serviço tem CPF (ou CNPJ) e endereço completo, além do RG: sem "
        "eles a prefeitura não emite a nota.",
        "The patient of an ordem de serviço has a CPF (or CNPJ) and a complete address, beside the "
        "RG; without them no city hall issues a note.",
    ),
    "earliest_year": RuleMeaning(
        "Uma data antes deste ano é erro de digitação.",
        "A date before this year is a typing error.",
    ),
    "latest_year": RuleMeaning(
        "Uma data depois deste ano é erro de digitação.",
        "A date after this year is a typing error.",
    ),
    "earliest_money_year": RuleMeaning(
        "Um movimento (data ou vencimento) antes deste ano é erro de digitação.",
        "A business or due date before this year is a typing error.",
    ),
    "latest_money_year": RuleMeaning(
        "Um movimento (data ou vencimento) depois deste ano é erro de digitação.",
        "A business or due date after this year is a typing error.",
    ),
}
"""By field of ``ClinicRules``, in the order in which people read them."""
