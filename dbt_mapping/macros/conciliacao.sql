{# The clinic, the ledger and Omie side by side, one row per fact. `payload` and `espelho` are
   relations in one shape: empresa, codigo, dia, valor, vencimento, categoria, cliente, nome,
   documento; the mirror adds codigo_omie, cliente_id, excluido_em, cancelado, rateado, feito_por,
   lido_em, raw. A code finds its record by the ledger's Omie id, else by the code that Omie keeps. #}
{% macro lados_da_conciliacao(endpoint, payload, espelho) -%}
with livro as (

    select * from {{ source('omie_sync', 'ledger') }} where endpoint = '{{ endpoint }}'

),

-- A code that the clinic gives twice is refused by validation; here it must not multiply rows.
clinica as (

    select distinct on (empresa, codigo) * from {{ payload }} as p
    where codigo is not null
    order by empresa, codigo, dia

),

achados as (

    select
        omie.*,
        coalesce(livro.codigo_integracao, nullif(omie.codigo_integracao, '')) as codigo,
        livro.codigo_integracao is not null as pelo_livro
    from {{ espelho }} as omie
    left join livro on omie.empresa = livro.empresa and omie.codigo_omie = livro.omie_id

),

-- A título made again has a new id: the living one stands for the code, the others for themselves.
numerados as (

    select
        *,
        row_number() over (
            partition by empresa, codigo, codigo is null
            order by excluido_em is not null, pelo_livro desc, codigo_omie desc
        ) as ordem
    from achados

),

omie as (

    select *, case when ordem = 1 then codigo end as chave
    from numerados
    where codigo is null or ordem = 1 or excluido_em is null

),

codigos as (

    select empresa, codigo from clinica
    union
    select empresa, codigo_integracao from livro
    union
    select empresa, chave from omie where chave is not null

)

select
    codigos.empresa, codigos.codigo, omie.codigo_omie,
    clinica.codigo is not null as na_clinica,
    livro.state as estado, livro.confirmed_at, livro.particao,
    clinica.dia, clinica.valor as valor_clinica, clinica.vencimento as vencimento_clinica,
    clinica.categoria as categoria_clinica, clinica.cliente as cliente_clinica,
    clinica.nome as nome_clinica, clinica.documento as documento_clinica,
    omie.dia as dia_omie, omie.valor as valor_omie, omie.vencimento as vencimento_omie,
    omie.categoria as categoria_omie, omie.cliente_id,
    omie.nome as nome_omie, omie.documento as documento_omie,
    omie.excluido_em, coalesce(omie.cancelado, false) as cancelado,
    coalesce(omie.rateado, false) as rateado, omie.feito_por, omie.lido_em,
    {{ nao_esvaziados('livro', 'omie.raw') }} as nao_esvaziados
from codigos
left join clinica on codigos.empresa = clinica.empresa and codigos.codigo = clinica.codigo
left join livro on codigos.empresa = livro.empresa and codigos.codigo = livro.codigo_integracao
left join omie on codigos.empresa = omie.empresa and codigos.codigo = omie.chave

union all

select
    omie.empresa, null, omie.codigo_omie, false, null, null, null,
    null, null, null, null, null, null, null,
    omie.dia, omie.valor, omie.vencimento, omie.categoria, omie.cliente_id, omie.nome,
    omie.documento, omie.excluido_em, omie.cancelado, omie.rateado, omie.feito_por, omie.lido_em,
    cast('{}' as text[])
from omie
where omie.chave is null
{%- endmacro %}


{# Fields that the clinic emptied and that Omie has with a value: those that could not be emptied, and
   those that were and that are filled when Omie is read. #}
{% macro nao_esvaziados(livro, raw) -%}
case when {{ livro }}.not_emptied is not null or {{ livro }}.emptied is not null then array(
    select campo from unnest({{ livro }}.not_emptied) as campo
    union
    select campo from unnest({{ livro }}.emptied) as campo
    where campo <> all(coalesce({{ livro }}.filled, '{}'))
        and coalesce({{ raw }} #>> string_to_array(campo, '.'), '')
        not in ('', '0', '0.00', '[]', '{}')
    order by 1
) else cast('{}' as text[]) end
{%- endmacro %}
