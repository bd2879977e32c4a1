"""What professionals are due: by rule, by the clinic's own rows, and one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import pytest

from tests.dbt_mapping.billing_clinic import START
from tests.dbt_mapping.scenario import Row, Scenario

Rows = Mapping[str, list[Row]]


def _titles(rows: Rows, empresa: str = "principal") -> dict[str, Row]:
    own = [row for row in rows["contas_pagar"] if row["empresa"] == empresa]
    return {row["codigo_lancamento_integracao"]: row for row in own}


@pytest.mark.parametrize(
    ("code", "value", "due"),
    [
        ("REP-R1", "33.34", date(2026, 1, 25)),  # professional and procedure, its own days
        ("REP-Rsimples", "16.00", date(2026, 3, 19)),  # the professional, the empresa's days
        ("REP-Rfaturado", "15.00", date(2026, 3, 19)),  # the procedure; the inactive rule does not
    ],
)
def test_the_most_particular_rule_of_repasse_counts(
    billing_rows: Rows, code: str, value: str, due: date
) -> None:
    title = _titles(billing_rows)[code]
    assert (str(title["valor_documento"]), title["data_vencimento"]) == (value, due)
    assert title["codigo_categoria"] == "2.01"
    assert title["_origem_tabela"] == "recebimentos"


def test_no_rule_where_the_clinic_says_itself_or_nothing_is_due(billing_rows: Rows) -> None:
    titles = _titles(billing_rows)
    assert set(titles) == {
        "REP-1", "REP-2", "REP-R1", "REP-Rsimples", "REP-Rfaturado", "REP-Rabril", "REP-Rabril-2",
    }  # fmt: skip
    assert _titles(billing_rows, "filial") == {}


def test_a_rule_counts_from_its_day_on_and_leaves_the_past_as_it_is(billing_rows: Rows) -> None:
    titles = _titles(billing_rows)
    shares = {code: str(title["valor_documento"]) for code, title in titles.items()}
    assert shares["REP-Rsimples"] == "16.00", "of March: the older rule, and not the newer ones"
    assert shares["REP-Rabril"] == "20.00", "the next rule for the same professional"
    assert shares["REP-Rabril-2"] == "40.00", "a more particular one"


@contextmanager
def _delivered(billing: Scenario, *codes: str) -> Iterator[None]:
    """The ledger knows these títulos to pay; the models are built on it."""
    with billing.connect() as connection:
        for code in codes:
            connection.execute(
                "insert into omie_sync.ledger (empresa, endpoint, codigo_integracao, state,"
                " partition, run_id) values ('principal', 'contas_pagar', %s, 'confirmed',"
                " '2026-03-04', 'r')",
                (code,),
            )
        try:
            models = "omie_contas_pagar omie_baixas_pagar"
            result = billing.dbt("run", "--select", models, OMIE_PIPELINE_START_DATE=START)
            assert result.success, result.exception
            yield
        finally:
            connection.execute("delete from omie_sync.ledger")


def _shares_of(billing: Scenario, receipt: str) -> dict[str, tuple[str, str]]:
    titles = billing.by_key("omie_contas_pagar", "codigo_lancamento_integracao")
    return {
        code: (str(title["valor_documento"]), title["codigo_cliente_fornecedor_integracao"])
        for code, title in titles.items()
        if title["_origem_id"] in ("1", "2", receipt) and title["_origem_tabela"] == "repasses"
    }


def test_what_the_clinic_says_later_takes_over_the_titulo_of_the_rule(billing: Scenario) -> None:
    with _delivered(billing, "REP-Rcombinado", "REP-Rsimples"):
        assert _shares_of(billing, "combinado") == {
            "REP-Rcombinado": ("7.00", "PRO-5"),
            "REP-2": ("3.00", "PRO-6"),
        }
        paid = billing.by_key("omie_baixas_pagar", "codigo_baixa_integracao")
        assert paid["BXP-repasse"]["codigo_lancamento_integracao"] == "REP-Rcombinado"
        assert paid["BXP-regra"]["codigo_lancamento_integracao"] == "REP-Rsimples"


def test_a_repasse_that_went_out_under_its_own_code_keeps_it(billing: Scenario) -> None:
    with _delivered(billing, "REP-Rcombinado", "REP-1", "REP-2"):
        assert set(_shares_of(billing, "combinado")) == {"REP-1", "REP-2"}
    with _delivered(billing, "REP-Rcombinado", "REP-1"):
        assert set(_shares_of(billing, "combinado")) == {"REP-1", "REP-Rcombinado"}
