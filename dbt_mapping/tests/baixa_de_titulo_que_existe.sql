{# A baixa names a título of the same empresa. A warning: validation refuses that payment alone. #}
{{ config(severity='warn') }}
{% for lado in ['receber', 'pagar'] %}
select baixa.empresa, baixa.codigo_baixa_integracao, baixa.codigo_lancamento_integracao
from {{ ref('omie_baixas_' ~ lado) }} as baixa
where not exists (
    select 1 from {{ ref('omie_contas_' ~ lado) }} as titulo
    where titulo.empresa = baixa.empresa
        and titulo.codigo_lancamento_integracao = baixa.codigo_lancamento_integracao
)
{{ "union all" if not loop.last }}
{% endfor %}
