{# Payload of the settlements of one side. `condicao` chooses the rows of int_pagamentos. #}
{% macro baixas(prefixo, condicao) -%}
select
    empresa,
    {{ data_particao('data') }} as data_particao,
    {{ nosso_codigo('baixas', prefixo, 'id') }} as codigo_baixa_integracao,
    titulo as codigo_lancamento_integracao,
    codigo_conta_corrente,
    {{ dinheiro('valor') }} as valor,
    {{ dinheiro('desconto') }} as desconto,
    {{ dinheiro('juros') }} as juros,
    {{ dinheiro('multa') }} as multa,
    data,
    observacao,
    case when conciliado then 'S' end as conciliar_documento,
    faltas as _missing,
    'pagamentos' as _origem_tabela,
    id as _origem_id,
    _unreadable,
    colisao as _colisao
from {{ ref('int_pagamentos') }}
where estornado is not true and {{ condicao }}
{%- endmacro %}


{# Payload of the settlements to take back. #}
{% macro estornos(prefixo, condicao) -%}
select
    empresa,
    {{ data_particao('data') }} as data_particao,
    {{ nosso_codigo('baixas', prefixo, 'id') }} as codigo_baixa_integracao,
    'pagamentos' as _origem_tabela,
    id as _origem_id,
    _unreadable
from {{ ref('int_pagamentos') }}
where estornado and {{ condicao }}
{%- endmacro %}
