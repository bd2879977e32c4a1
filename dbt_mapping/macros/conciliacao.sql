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

codigos_da_clinica as (

    select empresa, codigo from clinica

),

codigos_do_livro as (

    select empresa, codigo_integracao as codigo from livro

),

codigos_do_omie as (

    select empresa, chave as codigo from omie where chave is not null

),

codigos as (

    select distinct empresa, codigo
    from (
        {{- uniao(
            ['codigos_da_clinica', 'codigos_do_livro', 'codigos_do_omie'], ['empresa', 'codigo']
        ) }}
    ) as todos

),

de_um_codigo as (

    select
        codigos.empresa,
        codigos.codigo,
        omie.codigo_omie,
        clinica.codigo is not null as na_clinica,
        livro.state as estado,
        livro.confirmed_at,
        livro.partition as particao,
        clinica.dia,
        clinica.valor as valor_clinica,
        clinica.vencimento as vencimento_clinica,
        clinica.categoria as categoria_clinica,
        clinica.cliente as cliente_clinica,
        clinica.nome as nome_clinica,
        clinica.documento as documento_clinica,
        omie.dia as dia_omie,
        omie.valor as valor_omie,
        omie.vencimento as vencimento_omie,
        omie.categoria as categoria_omie,
        omie.cliente_id,
        omie.nome as nome_omie,
        omie.documento as documento_omie,
        omie.excluido_em,
        coalesce(omie.cancelado, false) as cancelado,
        coalesce(omie.rateado, false) as rateado,
        omie.feito_por,
        omie.lido_em,
        {{ nao_esvaziados('livro', 'omie.raw') }} as nao_esvaziados
    from codigos
    left join clinica on codigos.empresa = clinica.empresa and codigos.codigo = clinica.codigo
    left join livro
        on codigos.empresa = livro.empresa and codigos.codigo = livro.codigo_integracao
    left join omie on codigos.empresa = omie.empresa and codigos.codigo = omie.chave

),

sem_codigo as (

    select
        empresa,
        cast(null as text) as codigo,
        codigo_omie,
        false as na_clinica,
        cast(null as text) as estado,
        cast(null as timestamptz) as confirmed_at,
        cast(null as text) as particao,
        cast(null as date) as dia,
        cast(null as numeric) as valor_clinica,
        cast(null as date) as vencimento_clinica,
        cast(null as text) as categoria_clinica,
        cast(null as text) as cliente_clinica,
        cast(null as text) as nome_clinica,
        cast(null as text) as documento_clinica,
        dia as dia_omie,
        valor as valor_omie,
        vencimento as vencimento_omie,
        categoria as categoria_omie,
        cliente_id,
        nome as nome_omie,
        documento as documento_omie,
        excluido_em,
        cancelado,
        rateado,
        feito_por,
        lido_em,
        cast('{}' as text[]) as nao_esvaziados
    from omie
    where chave is null

)

{{ uniao(['de_um_codigo', 'sem_codigo'], colunas_da_conciliacao()) }}
{%- endmacro %}


{# The columns of one side's facts. #}
{% macro colunas_da_conciliacao() -%}
    {{ return([
        'empresa', 'codigo', 'codigo_omie', 'na_clinica', 'estado', 'confirmed_at', 'particao',
        'dia', 'valor_clinica', 'vencimento_clinica', 'categoria_clinica', 'cliente_clinica',
        'nome_clinica', 'documento_clinica', 'dia_omie', 'valor_omie', 'vencimento_omie',
        'categoria_omie', 'cliente_id', 'nome_omie', 'documento_omie', 'excluido_em', 'cancelado',
        'rateado', 'feito_por', 'lido_em', 'nao_esvaziados',
    ]) }}
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
