{# The clinic knows the payment method, Omie the money and its day. A company that only imports has no
   clinic tables: then every method is unknown. #}

with recebimentos as (

    select empresa, 'REC-' || id as codigo, forma_pagamento_id
    from {{ clinica_se_houver('recebimentos') }} as recebimentos

),

vendas as (

    select empresa, 'VEN-' || id as codigo, forma_pagamento_id
    from {{ clinica_se_houver('vendas_produtos') }} as vendas

),

fatos as (
    {{ uniao(['recebimentos', 'vendas'], ['empresa', 'codigo', 'forma_pagamento_id']) }}

),

formas_dos_titulos as (

    select fatos.empresa, fatos.codigo, formas.nome
    from fatos
    join {{ clinica_se_houver('formas_pagamento') }} as formas
        on fatos.empresa = formas.empresa and fatos.forma_pagamento_id = formas.id

),

-- A row given twice by the clinic must not double money.
formas as (

    select empresa, codigo, min(nome) as nome
    from formas_dos_titulos
    group by empresa, codigo

),

recebidos as (

    select
        baixas.empresa,
        baixas.data as dia,
        baixas.id_conta_corrente,
        coalesce(formas.nome, 'não informada') as forma_pagamento,
        {{ e_nosso('titulos') }} as nosso,
        baixas.valor,
        coalesce(baixas.juros, 0) as juros,
        coalesce(baixas.multa, 0) as multa,
        coalesce(baixas.desconto, 0) as desconto
    from {{ ref('baixas') }} as baixas
    join {{ ref('contas_receber') }} as titulos
        on baixas.empresa = titulos.empresa
        and baixas.codigo_titulo = titulos.codigo_lancamento_omie
    left join formas
        on titulos.empresa = formas.empresa and titulos.ledger_codigo = formas.codigo

)

select
    recebidos.empresa,
    recebidos.dia,
    recebidos.id_conta_corrente,
    min(contas.descricao) as conta,
    recebidos.forma_pagamento,
    count(*) as baixas,
    count(*) filter (where recebidos.nosso) as baixas_nossas,
    sum(recebidos.valor) as valor_baixado,
    sum(recebidos.juros) as juros,
    sum(recebidos.multa) as multa,
    sum(recebidos.desconto) as desconto,
    sum(recebidos.valor + recebidos.juros + recebidos.multa) as valor_recebido
from recebidos
left join {{ source('omie', 'contas_correntes') }} as contas
    on recebidos.empresa = contas.empresa and recebidos.id_conta_corrente = contas.n_cod_cc
group by
    recebidos.empresa, recebidos.dia, recebidos.id_conta_corrente, recebidos.forma_pagamento
