"""Payload tables that are brought up to date without dbt."""

from __future__ import annotations

from typing import Final

WHY_DBT: Final = {
    "files": "arquivos do projeto mudaram",
    "variables": "variáveis que os modelos leem mudaram",
    "versions": "a versão do dbt mudou",
    "columns": "as tabelas de origem ou as colunas delas mudaram",
    "functions": "este programa lê os valores de outro modo que no último build",
    "clinic": "há outras tabelas da clínica que no último build",
    "asked": "pedido com --full",
    "first": "é o primeiro build neste banco",
    "new": "ainda não feito",
    "altered": "não está como o dbt deixou",
    "evidence": "os valores de uma coluna mostram agora outra escrita de números ou datas",
    "asks_meanwhile": "um modelo seu consulta o banco, o relógio ou a execução, e é sempre refeito",
    "filled_by_dbt": "uma tabela sua só o dbt preenche",
    "only_omie": "sem clínica, as visões do Omie são sempre refeitas",
    "other_basis": "o último build foi de outra versão deste programa",
}


def and_more(number: int) -> str:
    return f" e mais {number}"


def rows_of_others_hang_on(table: str, keys: str) -> str:
    return (
        f"As linhas de omie_payload.{table} são apagadas e escritas de novo quando a clínica muda, "
        f"e levariam linhas que não são deste programa: {keys}. Nada foi alterado. Troque o ON "
        "DELETE dessas chaves, ou tire-as"
    )


def not_refreshed(cause: str) -> str:
    return f"O armazém recusou a atualização das tabelas de envio ({cause}). Nada foi alterado"
