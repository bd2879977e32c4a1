"""The canonical clinic tables, as data: what a clinic has for the mapping to work.

Ten of them are the clinic's agenda, people and money; six more (``billing_tables``) are optional.

They are the target of the staging models (dbt schema ``clinica``), the shape of the sample clinic
and the content of ``docs/clinic-tables.md``.
"""

from __future__ import annotations

from types import MappingProxyType

from omie_pipeline.clinic import columns as c
from omie_pipeline.clinic.billing_tables import (
    BILLING_TABLES,
    PROCEDURE_COLUMNS,
    RECEIPT_COLUMNS,
)
from omie_pipeline.clinic.columns import ClinicTable

PACIENTES = ClinicTable(
    name="pacientes",
    grain="register",
    business_date="data_cadastro",
    meaning="Pacientes da clínica. / The clinic's patients.",
    goes_to="clientes `PAC-<id>`, tag Cliente",
    columns=(
        c.EMPRESA,
        c.ID,
        c.text(
            "nome", "Nome completo", "Full name", "always; Omie keeps 60 characters", not_null=True
        ),
        c.text("cpf", "CPF, com ou sem pontuação", "CPF, with or without punctuation", "always"),
        c.text("rg", "Número do RG", "Identity card number", "an ordem de serviço is made"),
        c.text(
            "rg_orgao_emissor",
            "Órgão emissor e UF do RG",
            "Issuer of the RG and its state, such as SSP/SP",
            "an ordem de serviço is made",
        ),
        c.date("data_nascimento", "Data de nascimento; não é enviada", "Date of birth; not sent"),
        *c.CONTACT,
        *c.ADDRESS,
        c.DATA_CADASTRO,
        c.ATUALIZADO_EM,
    ),
)

PROFISSIONAIS = ClinicTable(
    name="profissionais",
    grain="register",
    business_date="data_cadastro",
    meaning="Profissionais que recebem repasse. / Professionals who are paid a share.",
    goes_to="clientes `PRO-<id>`, tag Fornecedor; vendedores `PRO-<id>` where configured",
    columns=(
        c.EMPRESA,
        c.ID,
        c.text(
            "nome", "Nome completo ou razão social", "Full or company name", "always", not_null=True
        ),
        c.text(
            "cpf_cnpj",
            "CPF ou CNPJ (alfanumérico também)",
            "CPF or CNPJ (alphanumeric ones too)",
            "always",
        ),
        c.text(
            "conselho",
            "Conselho, UF e número (CRM/SP 12345); vai na observação",
            "Professional registration, such as CRM/SP 12345; goes to the remark",
        ),
        *c.CONTACT,
        *c.ADDRESS,
        c.text("banco", "Código COMPE do banco (341)", "COMPE code of the bank", "conta is filled"),
        c.text("agencia", "Agência", "Branch", "conta is filled"),
        c.text("conta", "Conta corrente com dígito", "Account with its digit"),
        c.text("chave_pix", "Chave Pix", "Pix key"),
        c.DATA_CADASTRO,
        c.ATUALIZADO_EM,
        c.numeric("comissao", "Comissão como vendedor, em %", "Commission as vendedor, in %"),
    ),
    optional_columns=("comissao",),
)

FORNECEDORES = ClinicTable(
    name="fornecedores",
    grain="register",
    business_date="data_cadastro",
    meaning="Fornecedores de produtos e despesas. / Suppliers of goods and services.",
    goes_to="clientes `FOR-<id>`, tag Fornecedor",
    columns=(
        c.EMPRESA,
        c.ID,
        c.text(
            "razao_social",
            "Razão social",
            "Legal name",
            "always; Omie keeps 60 characters",
            not_null=True,
        ),
        c.text(
            "nome_fantasia",
            "Nome fantasia; vazio é a razão social",
            "Trading name; empty is the legal name",
        ),
        c.text(
            "cpf_cnpj",
            "CNPJ (alfanumérico também) ou CPF",
            "CNPJ (alphanumeric ones too) or CPF",
            "always",
        ),
        c.text("inscricao_estadual", "Inscrição estadual ou ISENTO", "State registration"),
        *c.CONTACT,
        *c.ADDRESS,
        c.DATA_CADASTRO,
        c.ATUALIZADO_EM,
    ),
)

PROCEDIMENTOS = ClinicTable(
    name="procedimentos",
    grain="register",
    business_date="data_cadastro",
    meaning="Procedimentos da agenda. / Procedures of the agenda.",
    goes_to="category of contas a receber; serviços `SRV-<id>`",
    columns=(
        c.EMPRESA,
        c.ID,
        c.text("nome", "Nome do procedimento", "Name of the procedure", "always"),
        c.text(
            "codigo_categoria",
            "Categoria do Omie; vazio usa a categoria padrão da agenda",
            "Omie's category; empty takes the default of the agenda",
        ),
        c.numeric("valor", "Valor de tabela em R$", "List price in R$"),
        c.Column("ativo", "boolean", "Ainda é oferecido", "Still on offer"),
        c.DATA_CADASTRO,
        c.ATUALIZADO_EM,
        *PROCEDURE_COLUMNS,
    ),
    optional_columns=tuple(column.name for column in PROCEDURE_COLUMNS),
)

FORMAS_PAGAMENTO = ClinicTable(
    name="formas_pagamento",
    grain="register",
    business_date="data_cadastro",
    meaning="Formas de pagamento e suas contas. / Payment methods and their accounts.",
    goes_to="conta corrente and document type of every título",
    columns=(
        c.EMPRESA,
        c.ID,
        c.text("nome", "Nome (Pix, Dinheiro, ...)", "Name; not sent"),
        c.text(
            "tipo",
            "Tipo de documento do Omie: DIN, PIX, CRC, CRD, BOL, TRA, CHQ, CON, ...",
            "Omie's document type: DIN, PIX, CRC, CRD, BOL, TRA, CHQ, CON, ...",
            "always",
            accepted=("DIN", "PIX", "CRC", "CRD", "BOL", "TRA", "DEP", "CHQ", "CON"),
        ),
        c.Column(
            "codigo_conta_corrente",
            "bigint",
            "Conta corrente do Omie (nCodCC); vazio: a de contas_por_forma_pagamento ou a padrão",
            "Omie's account (nCodCC); empty: that of contas_por_forma_pagamento, else the default",
        ),
        c.DATA_CADASTRO,
        c.ATUALIZADO_EM,
    ),
)

RECEBIMENTOS = ClinicTable(
    name="recebimentos",
    grain="fact",
    business_date="data",
    meaning="O que os pacientes pagam por procedimentos. / What patients pay for procedures.",
    goes_to="contas a receber `REC-<id>` (in n instalments `REC-<id>-1` to `REC-<id>-n`; a receipt "
    "whose own id is another's `<id>-<k>` would share that code: both, and what pays them, are "
    "quarantined and named); ordens de serviço `OS-<id>`",
    columns=(
        c.EMPRESA,
        c.ID,
        c.reference("paciente_id", "pacientes", "always", not_null=True),
        c.reference(
            "procedimento_id",
            "procedimentos",
            meaning="What was paid for; its category is the título's",
            significado="O que foi pago; a categoria dele é a do título",
        ),
        c.reference(
            "profissional_id",
            "profissionais",
            meaning="Who carried it out",
            significado="Quem executou",
        ),
        c.reference("forma_pagamento_id", "formas_pagamento", "always"),
        *c.FACT_DATES_AND_VALUE,
        c.NUMERO_DOCUMENTO,
        c.text(
            "parcela",
            "Parcela, como 001/003; vazia é única",
            "Instalment, as 001/003; empty is a single one",
        ),
        c.OBSERVACAO,
        c.ATUALIZADO_EM,
        *RECEIPT_COLUMNS,
    ),
    optional_columns=tuple(column.name for column in RECEIPT_COLUMNS),
)

REPASSES = ClinicTable(
    name="repasses",
    grain="fact",
    business_date="data",
    meaning="A parte do profissional em um recebimento. / A professional's share of a receipt.",
    goes_to="contas a pagar `REP-<id>`",
    columns=(
        c.EMPRESA,
        c.ID,
        c.reference("profissional_id", "profissionais", "always", not_null=True),
        c.reference(
            "recebimento_id",
            "recebimentos",
            meaning="The receipt that the share comes from",
            significado="O recebimento de que vem a parte",
        ),
        *c.FACT_DATES_AND_VALUE,
        c.OBSERVACAO,
        c.ATUALIZADO_EM,
    ),
)

DESPESAS = ClinicTable(
    name="despesas",
    grain="fact",
    business_date="data",
    meaning="Despesas da clínica. / The clinic's expenses.",
    goes_to="contas a pagar `DES-<id>`",
    columns=(
        c.EMPRESA,
        c.ID,
        c.reference("fornecedor_id", "fornecedores", "always", not_null=True),
        c.CODIGO_CATEGORIA,
        c.reference("forma_pagamento_id", "formas_pagamento", "always"),
        *c.FACT_DATES_AND_VALUE,
        c.NUMERO_DOCUMENTO,
        c.OBSERVACAO,
        c.ATUALIZADO_EM,
    ),
)

COMPRAS_PRODUTOS = ClinicTable(
    name="compras_produtos",
    grain="fact",
    business_date="data",
    meaning="Produtos comprados de fornecedores. / Goods bought from suppliers.",
    goes_to="contas a pagar `COM-<id>`",
    columns=(
        c.EMPRESA,
        c.ID,
        c.reference("fornecedor_id", "fornecedores", "always", not_null=True),
        c.PRODUTO,
        c.CODIGO_CATEGORIA,
        c.reference("forma_pagamento_id", "formas_pagamento", "always"),
        *c.FACT_DATES_AND_VALUE,
        c.NUMERO_DOCUMENTO,
        c.ATUALIZADO_EM,
    ),
)

VENDAS_PRODUTOS = ClinicTable(
    name="vendas_produtos",
    grain="fact",
    business_date="data",
    meaning="Produtos vendidos a pacientes. / Goods sold to patients.",
    goes_to="contas a receber `VEN-<id>`",
    columns=(
        c.EMPRESA,
        c.ID,
        c.reference("paciente_id", "pacientes", "always", not_null=True),
        c.PRODUTO,
        c.CODIGO_CATEGORIA,
        c.reference("forma_pagamento_id", "formas_pagamento", "always"),
        *c.FACT_DATES_AND_VALUE,
        c.NUMERO_DOCUMENTO,
        c.ATUALIZADO_EM,
    ),
)

CLINIC_TABLES: MappingProxyType[str, ClinicTable] = MappingProxyType(
    {
        table.name: table
        for table in (
            *(PACIENTES, PROFISSIONAIS, FORNECEDORES, PROCEDIMENTOS, FORMAS_PAGAMENTO),
            *(RECEBIMENTOS, REPASSES, DESPESAS, COMPRAS_PRODUTOS, VENDAS_PRODUTOS),
            *BILLING_TABLES,
        )
    }
)
