"""A clinic in which every column that is "always" needed is empty once, in a row of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from omie_pipeline.clinic.tables import CLINIC_TABLES
from tests.dbt_mapping.billing_clinic import TABLES as BILLING
from tests.dbt_mapping.test_canonica import METHOD, PATIENT, SALE

EMPRESA = "sempre"
Rows = Mapping[str, object]

_PERSON: Rows = {**PATIENT, "cidade": "São Paulo", "cep": "01310-100"}
_SUPPLIER: Rows = {
    **{name: value for name, value in _PERSON.items() if name not in (
        "nome", "cpf", "rg", "rg_orgao_emissor", "data_nascimento"
    )},
    "razao_social": "Clara Serviços", "nome_fantasia": None, "cpf_cnpj": "11144477735",
    "inscricao_estadual": "123",
}  # fmt: skip
_EXPENSE: Rows = {
    "empresa": None, "id": "1", "fornecedor_id": "1", "codigo_categoria": "2.01.01",
    "forma_pagamento_id": "1", "data": "2026-03-04", "data_vencimento": "2026-03-04",
    "valor": "9", "numero_documento": None, "observacao": None, "atualizado_em": None,
    "_empresa": None,
}  # fmt: skip
_PURCHASE: Rows = {
    **{name: value for name, value in _EXPENSE.items() if name != "observacao"}, "produto": "Gaze",
}  # fmt: skip

GOOD: Mapping[str, Rows] = {
    "pacientes": _PERSON,
    "profissionais": {
        **BILLING["profissionais"][0],
        **{name: _PERSON[name] for name in
           ("logradouro", "numero", "bairro", "cidade", "uf", "cep")},
        "cpf_cnpj": "39053344705",
    },
    "fornecedores": {**_SUPPLIER, "cep": "01310100"},
    "procedimentos": {**BILLING["procedimentos"][0]},
    "formas_pagamento": METHOD,
    "recebimentos": {**BILLING["recebimentos"][0], "parcelas": None, "projeto_id": None},
    "vendas_produtos": {**SALE, "forma_pagamento_id": "1"},
    "repasses": {**BILLING["repasses"][0], "recebimento_id": None},
    "despesas": _EXPENSE,
    "compras_produtos": _PURCHASE,
    "pagamentos": {**BILLING["pagamentos"][0], "parcela": None, "forma_pagamento_id": "1"},
    "contratos": {**BILLING["contratos"][0], "projeto_id": None},
    "contratos_itens": BILLING["contratos_itens"][0],
    "projetos": BILLING["projetos"][0],
    "categorias": BILLING["categorias"][0],
}  # fmt: skip
FILLED_BY_US = ("empresa",)
"""What the extract puts in where the source has none."""
KEYS_REFUSED_BY_THE_EXTRACT = (
    "procedimentos", "formas_pagamento", "regras_repasse", "contratos_itens",
)  # fmt: skip
"""Tables whose rows are no record of Omie's: without a key it makes no payload."""


def always_columns() -> Iterator[tuple[str, str]]:
    """Table and column of everything that is needed "always"."""
    for table in CLINIC_TABLES.values():
        for column in table.columns:
            optional = column.name in table.optional_columns
            needed = column.required_when.startswith("always") and not optional
            ours = column.name in FILLED_BY_US
            keyless = column.name == "id" and table.name in KEYS_REFUSED_BY_THE_EXTRACT
            if needed and not ours and not keyless:
                yield table.name, column.name


def key_of(column: str) -> str:
    """Id of the row whose ``column`` is empty."""
    return f"sem-{column}"


def _rows() -> dict[str, list[Rows]]:
    rows: dict[str, list[Rows]] = {
        table: [{**row, "empresa": EMPRESA, "_empresa": EMPRESA}] for table, row in GOOD.items()
    }
    for table, column in always_columns():
        good, key = rows[table][0], key_of(column)
        broken = {**good, "id": key, column: None}
        if column == "id" and "observacao" in broken:
            broken["observacao"] = "sem id"
        if table == "contratos":
            rows["contratos_itens"].append(
                {**rows["contratos_itens"][0], "id": key, "contrato_id": broken["id"]}
            )
        if table == "contratos_itens" and column != "contrato_id":
            rows["contratos"].append({**rows["contratos"][0], "id": f"item-{key}"})
            broken["contrato_id"] = f"item-{key}"
        if (table, column) == ("formas_pagamento", "tipo"):
            rows["recebimentos"].append(
                {**rows["recebimentos"][0], "id": "forma-sem-tipo", "forma_pagamento_id": key}
            )
        if table in ("pacientes", "profissionais", "fornecedores") and not column.startswith("cpf"):
            # Nobody of this clinic shares a document: each row stands for itself.
            broken["cpf" if table == "pacientes" else "cpf_cnpj"] = None
        rows[table].append(broken)
    return rows


ALWAYS: Mapping[str, list[Rows]] = _rows()
