{# Counts and sums of títulos per day. What people typed at Omie stands apart: it is no difference. #}
select
    empresa,
    endpoint,
    dia,
    count(*) filter (where valor_clinica is not null) as qtd_clinica,
    coalesce(sum(valor_clinica), 0) as valor_clinica,
    count(*) filter (where entregue and valor_clinica is not null) as qtd_entregue,
    coalesce(sum(valor_clinica) filter (where entregue), 0) as valor_entregue,
    count(*) filter (where situacao <> 'so_no_omie' and valor_omie is not null) as qtd_omie,
    coalesce(sum(valor_omie) filter (where situacao <> 'so_no_omie'), 0) as valor_omie,
    coalesce(sum(valor_clinica), 0)
        - coalesce(sum(valor_omie) filter (where situacao <> 'so_no_omie'), 0) as diferenca,
    count(*) filter (where situacao in ('diferente', 'falta_no_omie', 'sobra_no_omie',
        'excluido_no_omie')) as divergencias,
    count(*) filter (where situacao = 'nao_enviado') as qtd_nao_enviado,
    count(*) filter (where situacao = 'a_conferir') as qtd_a_conferir,
    count(*) filter (where situacao = 'so_no_omie') as qtd_so_no_omie,
    coalesce(sum(valor_omie) filter (where situacao = 'so_no_omie'), 0) as valor_so_no_omie
from {{ ref('conciliacao') }}
where endpoint <> 'clientes'
group by empresa, endpoint, dia
