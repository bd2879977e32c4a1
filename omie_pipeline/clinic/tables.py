"""The canonical clinic tables, as data: what a clinic has for the mapping to work.

Ten of them are the clinic's agenda, people and money; six more (``billing_tables``) are optional.

They are the target of the staging models (dbt schema ``clinica``), the shape of the sample clinic
and the content of ``docs/clinic-tables.md``.
"""

from __future__ import annotations

from types import MappingProxyType

from omie_pipeline.clinic import columns as c
from omie_pipeline.clinic.columns import ClinicTable

# Optional canonical tables and columns: payments, invoicing, contracts and lists sent to Omie.
#
# A clinic that has none of them is complete: its tables read as empty, its columns as NULL.

PROCEDURE_COLUMNS = (
    c.text(
        "codigo_lc116",
        "Item da lista da LC 116 (4.01)",
        "Item of the list of services of LC 116",
        "an ordem de serviço is made of it, unless the empresa has a default",
    ),
    c.text(
        "codigo_servico_municipal",
        "Código do serviço na prefeitura",
        "Service code of the city",
        "an ordem de serviço is made of it, unless the empresa has a default",
    ),
    c.text("codigo_tributacao", "Tributação do serviço no Omie (cIdTrib)", "Omie's cIdTrib"),
    c.text("codigo_nbs", "Código NBS", "NBS code"),
    c.text(
        "descricao_completa",
        "Descrição que vai na nota; vazia é o nome",
        "Description on the invoice; empty is the name",
    ),
    c.numeric("aliquota_iss", "Alíquota de ISS em %", "Rate of ISS in %"),
    c.boolean("retem_iss", "O ISS é retido pelo tomador", "ISS is withheld by the customer"),
)
RECEIPT_COLUMNS = (
    c.integer("parcelas", "Número de parcelas; vazio é 1", "Instalments; empty is 1"),
    c.boolean("gerar_os", "Gera ordem de serviço", "Makes an ordem de serviço"),
    c.boolean("faturar", "Fatura essa ordem (emite a nota)", "Bills that ordem (issues the note)"),
    c.reference("projeto_id", "projetos"),
)

PAGAMENTOS = ClinicTable(
    name="pagamentos",
    grain="fact",
    business_date="data",
    meaning="Pagamentos recebidos e feitos, também os parciais. / "
    "Money received and paid, part payments too.",
    goes_to="baixas `BXR-<id>` (contas a receber) and `BXP-<id>` (contas a pagar)",
    columns=(
        c.EMPRESA,
        c.ID,
        c.text(
            "origem",
            "recebimentos, vendas_produtos, repasses, despesas ou compras_produtos",
            "The table of the movement that is paid: recebimentos, vendas_produtos, repasses, "
            "despesas or compras_produtos",
            "always",
            not_null=True,
            accepted=(
                "recebimentos",
                "vendas_produtos",
                "repasses",
                "despesas",
                "compras_produtos",
            ),
        ),
        c.text(
            "origem_id",
            "id na tabela de origem; repasse por regra: R e o id do recebimento",
            "id in that table; a share by rule: R and the receipt's id",
            "always",
            not_null=True,
        ),
        c.integer(
            "parcela",
            "Qual parcela (1, 2, ...)",
            "Which instalment (1, 2, ...)",
            "in several instalments",
        ),
        c.reference(
            "forma_pagamento_id",
            "formas_pagamento",
            meaning="Empty: that of the movement",
            significado="Vazio: a do movimento",
        ),
        c.date(
            "data",
            "Dia do pagamento: escolhe a partição",
            "Day of the payment and of its partition",
            "always",
            not_null=True,
        ),
        c.numeric(
            "valor",
            "Valor sem juros e multa",
            "Amount in R$, without interest and fine",
            "always",
            not_null=True,
        ),
        c.numeric("desconto", "Desconto em R$", "Discount in R$"),
        c.numeric("juros", "Juros em R$", "Interest in R$"),
        c.numeric("multa", "Multa em R$", "Fine in R$"),
        c.boolean(
            "conciliado",
            "Já conferido com o extrato; marcado depois do envio, não é enviado",
            "Reconciled with the statement; what is marked after it was sent is not sent",
        ),
        c.boolean("estornado", "Foi desfeito", "Was undone"),
        c.OBSERVACAO,
        c.ATUALIZADO_EM,
    ),
    optional=True,
)

REGRAS_REPASSE = ClinicTable(
    name="regras_repasse",
    grain="register",
    business_date="data_cadastro",
    meaning="Regras de repasse, para recebimentos sem linha em repasses; uma linha que vem depois "
    "assume o título da regra. / Shares by rule, for receipts without a row in repasses; a row "
    "that comes later takes over the rule's título.",
    goes_to="contas a pagar `REP-R<recebimento id>`",
    columns=(
        c.EMPRESA,
        c.ID,
        c.reference(
            "profissional_id",
            "profissionais",
            meaning="Whom the rule pays; empty: anyone who carries it out",
            significado="A quem a regra paga; vazio: todos",
        ),
        c.reference(
            "procedimento_id",
            "procedimentos",
            meaning="What the rule is for; empty: any",
            significado="Para que a regra vale; vazio: todos",
        ),
        c.numeric(
            "percentual",
            "Parte do valor recebido, em %",
            "Share of the receipt in %",
            "valor is empty",
        ),
        c.numeric(
            "valor", "Valor fixo em R$", "Fixed share of each receipt in R$", "percentual is empty"
        ),
        c.integer(
            "dias_para_vencer",
            "Dias do recebimento até o vencimento",
            "Days from the receipt until the share is due",
        ),
        c.boolean("ativo", "A regra vale", "The rule holds"),
        c.date(
            "data_cadastro",
            "Vale para recebimentos deste dia em diante; vazio: todos",
            "Counts for receipts of this day and later; empty: all",
        ),
        c.ATUALIZADO_EM,
    ),
    optional=True,
)

CONTRATOS = ClinicTable(
    name="contratos",
    grain="register",
    business_date="data_cadastro",
    meaning="Contratos de serviço com pacientes. / Service contracts with patients.",
    goes_to="contratos `CTR-<id>`",
    columns=(
        c.EMPRESA,
        c.ID,
        c.reference("paciente_id", "pacientes", "always", not_null=True),
        c.text("numero", "Número do contrato", "Number of the contract", "always", not_null=True),
        c.text(
            "situacao",
            "00 em elaboração, 10 ativo, 90 suspenso, 99 cancelado",
            "00 draft, 10 active, 90 suspended, 99 cancelled",
            "always",
            not_null=True,
            accepted=("00", "10", "90", "99"),
        ),
        c.date(
            "vigencia_inicial",
            "Início da vigência",
            "First day the contract holds",
            "always",
            not_null=True,
        ),
        c.date(
            "vigencia_final",
            "Fim da vigência",
            "Last day the contract holds",
            "always",
            not_null=True,
        ),
        c.integer(
            "dia_faturamento",
            "Dia do mês em que fatura",
            "Day of the month on which it is billed",
            "always",
        ),
        c.text(
            "tipo_faturamento",
            "01 mensal, 02 bimestral, 03 trimestral, 06 semestral, 12 anual",
            "01 monthly, 02 every two months, 03 quarterly, 06 half-yearly, 12 yearly",
            "always",
            accepted=("01", "02", "03", "06", "12"),
        ),
        c.CODIGO_CATEGORIA,
        c.Column(
            "codigo_conta_corrente",
            "bigint",
            "Conta corrente do Omie; vazio usa a padrão",
            "Omie's account (nCodCC); empty takes the default",
        ),
        c.reference(
            "profissional_id",
            "profissionais",
            meaning="The professional in charge",
            significado="O responsável",
        ),
        c.reference("projeto_id", "projetos"),
        c.text(
            "cidade_prestacao",
            "Município, como SAO PAULO (SP)",
            "Municipality where the service is rendered",
        ),
        c.text(
            "tipo_vencimento",
            "001 dias depois do faturamento, 002 dia fixo",
            "001 days after billing, 002 fixed day",
            "always",
            accepted=("001", "002"),
        ),
        c.integer(
            "dias_vencimento",
            "Dias até o vencimento",
            "Days from billing to the due date",
            "tipo_vencimento is 001",
        ),
        c.integer(
            "dia_fixo", "Dia fixo do mês", "Fixed day of the month", "tipo_vencimento is 002"
        ),
        c.text("contato", "Pessoa de contato (dado pessoal)", "Contact person (personal data)"),
        c.text(
            "email",
            "E-mail de quem recebe a nota (dado pessoal)",
            "E-mail that the invoice goes to (personal data)",
        ),
        c.OBSERVACAO,
        c.text("dados_adicionais_nf", "Dados adicionais da nota", "Further text on the invoice"),
        c.DATA_CADASTRO,
        c.ATUALIZADO_EM,
    ),
    optional=True,
)

CONTRATOS_ITENS = ClinicTable(
    name="contratos_itens",
    grain="register",
    business_date="data_cadastro",
    meaning="Serviços de cada contrato. / The services of each contract.",
    goes_to="items of contratos",
    columns=(
        c.EMPRESA,
        c.ID,
        c.reference(
            "contrato_id",
            "contratos",
            "always; an item of no contract is reported by the build alone",
            not_null=True,
        ),
        c.reference("procedimento_id", "procedimentos", "descricao is empty"),
        c.numeric(
            "quantidade",
            "Quantidade em cada faturamento",
            "Quantity in each billing",
            "always",
            not_null=True,
        ),
        c.numeric(
            "valor_unitario", "Valor unitário em R$", "Unit price in R$", "always", not_null=True
        ),
        c.text(
            "descricao",
            "Descrição que vai na nota; vazia é a do procedimento",
            "Description on the invoice; empty is the procedure's",
        ),
        c.CODIGO_CATEGORIA,
        c.numeric("desconto", "Desconto em R$", "Discount in R$"),
        c.integer("ordem", "Ordem no contrato", "Order within the contract"),
        c.DATA_CADASTRO,
        c.ATUALIZADO_EM,
    ),
    optional=True,
)

PROJETOS = ClinicTable(
    name="projetos",
    grain="register",
    business_date="data_cadastro",
    meaning="Projetos ou unidades que agrupam movimentos. / Projects or units.",
    goes_to="projetos `PRJ-<id>`",
    columns=(
        c.EMPRESA,
        c.ID,
        c.text("nome", "Nome do projeto", "Name of the project", "always", not_null=True),
        c.boolean("ativo", "Ainda é usado", "Still in use"),
        c.DATA_CADASTRO,
        c.ATUALIZADO_EM,
    ),
    optional=True,
)

CATEGORIAS = ClinicTable(
    name="categorias",
    grain="register",
    business_date="data_cadastro",
    meaning="Categorias a criar no Omie. / Categories to make at Omie.",
    goes_to="categorias `CAT-<id>`, found by description under the same parent first",
    columns=(
        c.EMPRESA,
        c.ID,
        c.text(
            "categoria_superior",
            "Código da categoria do Omie acima dela",
            "Code of Omie's category above it",
            "always",
            not_null=True,
        ),
        c.text(
            "descricao",
            "Descrição; a do mesmo nome sob a mesma superior é tomada como esta",
            "Description; a category of this description under that parent is taken as this one",
            "always",
            not_null=True,
        ),
        c.text("natureza", "Natureza, texto livre", "Nature, free text"),
        c.text("tipo_categoria", "Tipo de categoria do Omie", "Omie's type of category"),
        c.text("codigo_dre", "Conta do DRE", "Account of the income statement"),
        c.DATA_CADASTRO,
        c.ATUALIZADO_EM,
    ),
    optional=True,
)

BILLING_TABLES = (*(PAGAMENTOS, REGRAS_REPASSE, CONTRATOS, CONTRATOS_ITENS, PROJETOS, CATEGORIAS),)


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
        c.text(
            "tipo_fornecedor",
            "Tipo de fornecedor (aluguel, laboratório, ...), se a clínica o tem",
            "Kind of supplier (rent, laboratory, ...), if the clinic has one",
        ),
    ),
    optional_columns=("tipo_fornecedor",),
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
            "Categoria do Omie, ou a da clínica (de-para); vazio usa a padrão da agenda",
            "Omie's category, or the clinic's own (mapped); empty takes that of the agenda",
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
