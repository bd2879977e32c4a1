"""The page a person sees at ``/_control/``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from omie_pipeline.simulator.control import Control

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:56rem;padding:0 1rem}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}"
    "td,th{border-bottom:1px solid #ccc;padding:.2rem 1rem .2rem 0;text-align:left}"
    "td.n{text-align:right}code{background:#eee;padding:0 .3rem}"
)
_EXPLAINED = {
    "reset": "recomeçar do zero",
    "seed": "cadastrar registros ou outra empresa (app_key, app_secret, name)",
    "next_faults": "provocar falhas nas próximas chamadas",
    "clock": "ver, acertar ou adiantar o relógio simulado",
    "calls": "chamadas recebidas (nunca com o app_secret)",
    "records": "todos os registros de um endpoint",
    "limits": "ligar, desligar e ajustar os limites",
    "behaviour": "latência, leituras atrasadas, tamanho máximo da página",
    "apps": "empresas cadastradas",
    "settle": "baixar um título como uma pessoa faria (desconto, juros, multa, conta, dia)",
    "edit": "alterar um registro como uma pessoa faria",
    "delete": "excluir um registro como uma pessoa faria",
    "suspend": "suspender ou reativar uma chave",
    "undo_settlement": "desfazer uma baixa",
    "cancel": "cancelar um título",
    "lancar_em_conta": "lançar entrada (+) ou saída (-) direto na conta corrente",
    "transferir": "transferir entre contas correntes",
    "conciliate": "conciliar um lançamento de conta",
    "issue_note": "emitir uma nota fiscal (notas_servico ou notas_produto)",
    "cancel_note": "cancelar uma nota fiscal",
    "notes": "RPS e NFS-e de uma OS",
    "settlements": "baixas de um título",
    "reject_next_note": "fazer a prefeitura rejeitar a próxima NFS-e (reason)",
    "city_hall_down": "prefeitura fora do ar (down)",
    "settle_notes": "fazer a prefeitura responder já",
    "cancel_note_of": "cancelar a NFS-e emitida de uma OS",
    "seed_receivables": "gerar muitos títulos a receber (count, days)",
    "balance": "saldo verdadeiro de uma conta no fim de um dia",
    "between_pages": "mudar registros enquanto alguém lê uma lista, página a página",
    "webhook": "endereço dos webhooks, teste, reenvio e entregas",
}


def control_page(control: Control, operations: Sequence[str]) -> str:
    """Counts of records, calls by method, and what the control API offers."""
    records = [(app.name, name, count) for app in control.apps() for name, count in app.records]
    calls = sorted(control.calls_by_method().items())
    offered = [(f"/_control/{name}", _EXPLAINED.get(name, "")) for name in operations]
    return (
        '<!doctype html><html lang="pt-BR"><head><meta charset="utf-8">'
        f"<title>Simulador do Omie</title><style>{_STYLE}</style></head><body>"
        "<h1>Simulador do Omie</h1>"
        f"<p>Relógio simulado: {control.now():%d/%m/%Y %H:%M:%S} (Brasília). "
        "Nada aqui chega ao Omie de verdade.</p>"
        f"<h2>Registros</h2>{_table(('Empresa', 'Endpoint', 'Registros'), records)}"
        f"<h2>Chamadas recebidas</h2>{_table(('Método', 'Chamadas'), calls)}"
        f"<h2>Comandos</h2>{_table(('Caminho', 'O que faz'), offered)}"
        "<p>Cada comando aceita POST com JSON, por exemplo "
        "<code>{&quot;faults&quot;: [{&quot;kind&quot;: &quot;html_502&quot;}]}</code>.</p>"
        "</body></html>"
    )


def _table(titles: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: object) -> str:
    kind = ' class="n"' if isinstance(value, int) else ""
    return f"<td{kind}>{escape(str(value))}</td>"
