"""Fixed lists of the demo clinic: rules of shares, contracts, projects, categories."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from sample.generator.brasil_billing import PRENATAL_PROJECT, VACCINE_PROJECT

BY_PERCENTAGE = "6c547cc7-1901-3e07-9823-58783300be58"
BY_PROCEDURE = "74e8c85e-b952-3d83-9fde-3b4875d0770d"
RULED = frozenset({BY_PERCENTAGE, BY_PROCEDURE})
"""Professionals who are paid by rule; the others have a plain percentage of every receipt."""

RULES_HEADER = (
    *("id", "profissional_id", "procedimento_id", "percentual", "valor", "dias_para_vencer"),
    *("ativo", "data_cadastro"),
)
RULES = (
    ("1", BY_PERCENTAGE, "", "45.00", "", "15", "S", "2023-01-02"),
    ("2", BY_PROCEDURE, "371883000", "", "40.00", "30", "S", "2023-01-02"),
    ("3", BY_PROCEDURE, "", "35.00", "", "30", "S", "2023-01-02"),
)

PROJECTS_HEADER = ("id", "nome", "ativo", "data_cadastro")
PROJECTS = (
    (PRENATAL_PROJECT, "Programa de pré-natal", "S", "2023-01-02"),
    (VACCINE_PROJECT, "Campanha de vacinação", "S", "2023-01-02"),
)

CATEGORIES_HEADER = (
    *("id", "categoria_superior", "descricao", "natureza", "codigo_dre", "data_cadastro"),
)
CATEGORIES = (
    ("1", "1.01", "Receita de contratos", "Mensalidades de contratos", "1.1", "2023-01-02"),
    ("2", "2.02", "Manutenção de equipamentos", "Consertos e calibração", "3.1", "2023-01-02"),
)

CONTRACTS_HEADER = (
    *("id", "paciente_id", "numero", "situacao", "vigencia_inicial", "vigencia_final"),
    *("dia_faturamento", "tipo_faturamento", "codigo_categoria", "profissional_id", "projeto_id"),
    *("cidade_prestacao", "tipo_vencimento", "dias_vencimento", "dia_fixo", "contato", "email"),
    *("observacao", "dados_adicionais_nf", "data_cadastro"),
)
_TERMS = (
    # situation, every how many months, kind of due date, days, fixed day
    ("10", "01", "002", "", "10"),
    ("90", "01", "001", "15", ""),
    ("10", "03", "001", "5", ""),
)
_LINES = (0, 1, 3)  # of patients.csv, counted from 0: people right in every field
ITEM_OF_NOTHING = "4"
"""The item of a contract that names neither a procedure nor what it is."""
ITEMS_HEADER = (
    *("id", "contrato_id", "procedimento_id", "quantidade", "valor_unitario", "descricao"),
    *("codigo_categoria", "desconto", "ordem", "data_cadastro"),
)
ITEMS = (
    ("1", "1", "390906007", "1.00", "180.00", "", "1.01.01", "", "1", "2023-11-20"),
    (
        "2",
        "1",
        "76601001",
        "2.00",
        "95.00",
        "Terapia mensal",
        "1.01.02",
        "10.00",
        "2",
        "2023-11-20",
    ),
    ("3", "2", "162673000", "1.00", "250.00", "Acompanhamento clínico", "", "", "1", "2023-12-04"),
    (ITEM_OF_NOTHING, "3", "", "1.00", "120.00", "", "", "", "1", "2023-12-11"),
)


def _city(cidade: str, uf: str) -> str:
    """As Omie writes it: SAO PAULO (SP)."""
    plain = unicodedata.normalize("NFKD", cidade).encode("ascii", "ignore").decode()
    return f"{plain.upper()} ({uf})"


def contracts(
    patients: Sequence[Mapping[str, str]], people: Mapping[str, Sequence[str]]
) -> list[tuple[str, ...]]:
    """Three contracts; the second is suspended, the third has the item of nothing.

    Args:
        patients: lines of the export.
        people: nome, e-mail, cidade and UF of the patients, by id.
    """
    rows: list[tuple[str, ...]] = []
    for number, (line, term) in enumerate(zip(_LINES, _TERMS, strict=True), start=1):
        situation, every, kind, days, fixed = term
        patient = patients[line]["Id"]
        nome, email, cidade, uf = people[patient]
        rows.append(
            (
                *(str(number), patient, f"2023/{number:03d}", situation),
                *("2023-12-01", "2024-11-30", "5", every, "1.01.01", "", ""),
                *(_city(cidade, uf), kind, days, fixed, nome, email),
                *("", f"Contrato 2023/{number:03d}", "2023-11-20"),
            )
        )
    return rows
