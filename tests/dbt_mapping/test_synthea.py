"""The demo's staging set on the real sample."""

from __future__ import annotations

from decimal import Decimal

from omie_pipeline.catalog import WRITABLE
from tests.dbt_mapping.scenario import Scenario

RECEIPTS, IN_THREE, BY_RULE, BEFORE_THE_RULES = 1843, 19, 92, 14
"""Payments of the export; those in three instalments; those of professionals paid by rule, and of
these the ones that are older than the rules."""


def test_every_payment_of_the_ledger_is_a_receipt(synthea: Scenario) -> None:
    counted = synthea.rows(
        "select _origem_tabela, count(*) as linhas, sum(valor_documento) as reais"
        " from omie_payload.omie_contas_receber group by 1 order by 1"
    )
    assert [(row["_origem_tabela"], row["linhas"]) for row in counted] == [
        ("recebimentos", RECEIPTS + IN_THREE * 2),
        ("vendas_produtos", 42),
    ]
    ledger = synthea.row(
        """select sum("PAYMENTS"::numeric) as reais from clinic_raw.claims_transactions"""
        """ where "TYPE" = 'PAYMENT'"""
    )
    assert counted[0]["reais"] == ledger["reais"]


def test_a_receipt_keeps_the_ledgers_ids_date_amount_and_method(synthea: Scenario) -> None:
    code = "REC-b66eee5a-1c8d-7cb3-fb3e-456c717b3ae6"
    receipt = synthea.by_key("omie_contas_receber", "codigo_lancamento_integracao")[code]
    assert receipt["codigo_cliente_fornecedor_integracao"] == (
        "PAC-3edac2e3-d223-6fae-d515-daf96ef6bc76"
    )
    assert receipt["data_particao"].isoformat() == "2023-01-27"
    assert receipt["data_emissao"] == receipt["data_vencimento"] == receipt["data_registro"]
    assert receipt["valor_documento"] == Decimal("77.49")
    assert (receipt["codigo_tipo_documento"], receipt["id_conta_corrente"]) == ("DIN", 9100000001)
    assert receipt["codigo_categoria"] == "1.01.01"
    assert receipt["observacao"] is None, "treatments are health data"


def test_patients_professionals_and_suppliers_become_clientes(synthea: Scenario) -> None:
    counted = synthea.rows(
        "select _tipo, tags, count(*) as linhas, count(cnpj_cpf) as com_documento,"
        " count(cidade_ibge) as com_ibge, left(codigo_cliente_integracao, 4) as prefixo"
        ' , count("dadosBancarios") as com_banco'
        " from omie_payload.omie_clientes group by _tipo, tags, prefixo order by _tipo"
    )
    assert [tuple(row.values()) for row in counted] == [
        ("fornecedor", [{"tag": "Fornecedor"}], 6, 6, 6, "FOR-", 0),
        ("paciente", [{"tag": "Cliente"}], 27, 25, 25, "PAC-", 0),
        ("profissional", [{"tag": "Fornecedor"}], 51, 51, 51, "PRO-", 51),
    ]


def test_a_share_is_the_rules_percentage_to_the_cent(synthea: Scenario) -> None:
    wrong = synthea.rows(
        """
        select r._origem_id
        from omie_payload.omie_contas_pagar as r
        join clinica.recebimentos as o on o.id = r._origem_id
        join clinic_raw.br_regras_repasse as regra on regra.profissional_id = o.profissional_id
        where r._origem_tabela = 'repasses' and (
            r.valor_documento is distinct from round(o.valor * regra.percentual::numeric / 100, 2)
            or r.codigo_cliente_fornecedor_integracao <> 'PRO-' || o.profissional_id
            or r.codigo_categoria <> '2.01.01' or r.id_conta_corrente <> 9100000001
        )
        """
    )
    assert wrong == []
    counted = synthea.row(
        "select count(*) filter (where valor_documento <= 0) as vazios, count(*) as linhas"
        " from omie_payload.omie_contas_pagar where _origem_tabela = 'repasses'"
    )
    assert counted == {"vazios": 0, "linhas": 1841 - BY_RULE}


def test_nothing_is_to_be_deleted_unless_the_clinic_says_so(synthea: Scenario) -> None:
    for endpoint in ("receber", "pagar"):
        assert synthea.rows(f"select * from omie_payload.omie_excluir_contas_{endpoint}") == []


def test_payload_tables_are_indexed_for_diff_and_partition(synthea: Scenario) -> None:
    found = synthea.rows("select indexdef from pg_indexes where schemaname = 'omie_payload'")
    definitions = " ".join(row["indexdef"] for row in found)
    assert "(empresa, codigo_cliente_integracao)" in definitions
    facts = sum(endpoint.grain == "fact" for endpoint in WRITABLE)
    assert definitions.count("(empresa, data_particao)") == facts
    assert definitions.count("(empresa, codigo_lancamento_integracao)") == 2


def test_professionals_paid_by_rule_have_no_other_share(synthea: Scenario) -> None:
    counted = synthea.row(
        """
        select count(*) as linhas, count(distinct _origem_id) as recebimentos,
            count(*) filter (where valor_documento = 40) as fixos,
            count(*) filter (where codigo_lancamento_integracao like 'REP-R%%') as por_regra
        from omie_payload.omie_contas_pagar
        where codigo_cliente_fornecedor_integracao in (
            select 'PRO-' || profissional_id from clinic_raw.br_regras_por_procedimento)
        """
    )
    assert counted == {
        **dict.fromkeys(("linhas", "recebimentos", "por_regra"), BY_RULE - BEFORE_THE_RULES),
        "fixos": 16,
    }


def test_what_the_clinic_says_of_a_receipt_stands_beside_the_export(synthea: Scenario) -> None:
    assert synthea.row(
        "select count(*) as linhas, count(*) filter (where gerar_os) as ordens,"
        " count(*) filter (where faturar) as faturadas, sum(parcelas) as parcelas,"
        " count(projeto_id) as em_projeto from clinica.recebimentos"
    ) == {
        "linhas": RECEIPTS, "ordens": 103, "faturadas": 47, "parcelas": 3 * IN_THREE,
        "em_projeto": 90,
    }  # fmt: skip


def test_payments_find_the_titulos_that_they_pay(synthea: Scenario) -> None:
    found = synthea.rows(
        """
        select pago.origem, count(*) as linhas from clinica.pagamentos as pago
        where exists (
            select 1 from (
                select codigo_lancamento_integracao as codigo from omie_payload.omie_contas_receber
                union all
                select codigo_lancamento_integracao from omie_payload.omie_contas_pagar
            ) as titulos
            where codigo = case pago.origem when 'recebimentos' then 'REC-'
                when 'vendas_produtos' then 'VEN-' when 'repasses' then 'REP-' else 'DES-' end
                || pago.origem_id || coalesce('-' || pago.parcela, '')
        )
        group by 1 order by 1
        """
    )
    assert [(row["origem"], row["linhas"]) for row in found] == [
        *(("despesas", 30), ("recebimentos", 245), ("repasses", 34), ("vendas_produtos", 27)),
    ]


def test_lists_and_contracts_of_the_complement(synthea: Scenario) -> None:
    tables = ("regras_repasse", "contratos", "contratos_itens", "projetos", "categorias")
    counted = {
        table: synthea.row(f"select count(*) as linhas from clinica.{table}")["linhas"]
        for table in tables
    }
    assert counted == dict(zip(tables, (3, 3, 4, 2, 2), strict=True))


def test_services_of_the_sample_carry_their_own_codes(synthea: Scenario) -> None:
    counted = synthea.row(
        """
        select count(*) as linhas,
            count(*) filter (where cabecalho ? 'cCodLC116' and cabecalho ? 'cCodServMun')
                as inteiros,
            count(*) filter (where cabecalho ->> 'cIdTrib' is null) as sem_tributacao
        from omie_payload.omie_servicos
        """
    )
    # Three procedures that orders name lack a code, to be refused: the seeds give none.
    assert counted == {"linhas": 96, "inteiros": 93, "sem_tributacao": 2}
