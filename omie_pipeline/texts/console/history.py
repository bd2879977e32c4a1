"""What the page of what happened says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# console/pages/history.py

TITLE: Final = "Histórico"
VIEWS: Final[Mapping[str, str]] = {
    "people": "O que as pessoas fizeram",
    "sent": "O que foi enviado",
    "read": "O que foi lido do Omie",
}
LISTS: Final[Mapping[str, str]] = {
    "dre": "Plano de contas (DRE)",
    "parcelas": "Parcelas",
    "baixas": "Baixas (pagamentos)",
    "movimentacoes": "Movimentações",
    "lancamentos_conta_corrente": "Lançamentos de conta corrente",
    "notas_servico": "Notas de serviço",
    "notas_produto": "Notas de produto",
    "extrato": "Extrato das contas",
    "clientes": "Clientes e fornecedores",
}
"""Lists of Omie's that no endpoint names."""
TRIGGERS: Final[Mapping[str, str]] = {
    "cli": "comando",
    "console": "console",
    "schedule": "horário",
    "sensor": "sensor",
    "webhook": "aviso do Omie",
    "ui": "Dagster",
    "demo": "demonstração",
}
RUN_STATES: Final[Mapping[str, str]] = {
    "running": "em andamento",
    "done": "concluído",
    "dry_run": "simulação",
    "stopped": "barrado",
    "failed": "falhou",
    "off": "desligado",
    "incomplete": "incompleto",
}
COUNTS: Final[Mapping[str, str]] = {
    "delivered": "entregues",
    "unchanged": "sem mudança",
    "rejected": "recusadas pelo Omie",
    "quarantined": "a corrigir",
    "held": "esperando",
    "read": "lidas",
    "inserted": "novas",
    "updated": "alteradas",
    "excluded": "excluídas no Omie",
}
NO_ROWS: Final = "nenhuma linha"
INCOMPLETE: Final = "O total que o Omie disse não foi alcançado; a próxima leitura completa."

DEEDS: Final[Mapping[str, str]] = {
    "console:sync": "Pediu uma sincronização",
    "console:retry": "Pediu para enviar de novo",
    "console:plan_approve": "Aprovou um plano",
    "console:plan_reject": "Recusou um plano",
    "console:apply_plan": "Pediu para aplicar um plano",
    "console:recategorise": "Pediu um plano das categorias",
    "console:mapping_accept": "Aceitou uma sugestão de categoria",
    "console:mapping_accept_all": "Aceitou sugestões de categorias",
    "console:mapping_reject": "Recusou uma sugestão de categoria",
    "console:mapping_set": "Definiu uma categoria",
    "console:mapping_unset": "Desfez uma categoria",
    "console:mapping_create": "Criou uma categoria no Omie",
    "console:send_cause": "Pediu para enviar de novo tudo de um motivo",
    "console:sync_record": "Pediu para sincronizar um registro",
    "console:conflict": "Decidiu um conflito",
    "console:pause": "Desativou a empresa",
    "console:resume": "Reativou a empresa",
    "console:switch": "Mudou o que é enviado",
    "console:check": "Testou a conexão com o Omie",
    "console:notify": "Mandou um aviso de teste",
    "console:issue": "Pediu a emissão de uma nota",
    "console:cancel": "Pediu o cancelamento de uma nota",
    "console:wait": "Perguntou à prefeitura por uma nota",
    "console:grant": "Deu acesso a uma pessoa",
    "console:revoke": "Tirou o acesso de uma pessoa",
    "console:add": "Cadastrou uma pessoa",
    "console:disable": "Bloqueou uma pessoa",
    "console:enable": "Desbloqueou uma pessoa",
    "console:password": "Deu uma senha nova a uma pessoa",
    "switch:state": "Ligou ou desligou um envio",
    "switch:direction": "Mudou a direção de um envio",
    "switch:fields": "Mudou os campos que são enviados",
    "switch:on_lookalike": "Mudou o que se faz com cadastros parecidos",
    "pause:pause": "Desativou a empresa",
    "pause:resume": "Reativou a empresa",
    "mapping:set": "Definiu uma categoria",
    "mapping:unset": "Desfez uma categoria",
    "mapping:accept": "Aceitou uma sugestão de categoria",
    "mapping:reject": "Recusou uma sugestão de categoria",
    "mapping:pattern": "Definiu uma regra de categoria",
    "mapping:unpattern": "Desfez uma regra de categoria",
    "conflict:kept_clinica": "Conflito: ficou com o valor da clínica",
    "conflict:kept_omie": "Conflito: ficou com o valor do Omie",
    "duplicate:adopt": "Duplicado: ficou com o do Omie",
    "duplicate:ignore": "Duplicado: são dois fatos diferentes",
    "duplicate:relist": "Duplicado: voltou à lista",
    "duplicate:delete_ours": "Duplicado: pediu para excluir o nosso",
    "duplicate:delete_theirs": "Duplicado: pediu para excluir o outro",
    "plan_made:made": "Fez um plano",
    "plan_approved:approved": "Aprovou um plano",
    "plan_applied:applied": "Aplicou um plano",
    "billing:billing": "Decidiu emitir uma nota",
}
SUBJECTS: Final[Mapping[str, str]] = {
    "endpoint": "o quê",
    "code": "código",
    "codes": "códigos",
    "field": "campo",
    "reason": "motivo",
    "kind": "lista",
    "source": "da clínica",
    "target": "para",
    "other": "outro (id do Omie)",
    "plan": "plano",
    "subject": "assunto",
    "login": "login",
    "why": "motivo",
    "role": "papel",
    "setting": "ajuste",
}
SWITCHED: Final[Mapping[str, str]] = {
    "on": "ligado",
    "off": "desligado",
    "so_novos": "só cria o que é novo",
    "both": "envia e lê",
    "export": "só envia",
    "import": "só lê do Omie",
}
HIDDEN: Final = "(oculto para o seu acesso)"

# templates/history.html

INTRO: Final = "Tudo o que aconteceu, do mais novo ao mais antigo."
EMPRESA: Final = "Empresa"
ALL: Final = "todas"
WHEN: Final = "Quando"
WHO: Final = "Quem"
WHAT: Final = "O quê"
BY: Final = "Por"
STATE: Final = "Situação"
ROWS: Final = "Linhas"
BEFORE: Final = "Antes"
AFTER: Final = "Depois"
NOTHING: Final = "Nada por aqui ainda."
OLDER: Final = "Mais antigos"
NEWEST: Final = "Voltar aos mais novos"
SHOW: Final = "Mostrar"
