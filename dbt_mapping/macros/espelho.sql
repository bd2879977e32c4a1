{# A mirror table as analysts see it: no raw JSON, no row that Omie no longer has, people masked,
   rows by who made them or linked them to ours. Balances, settlements and movements are made by Omie itself: they belong to
   who made their title, looked up in `titulos`. The statement belongs to nobody and is not
   omie_clinic's to see. #}
{% macro espelho(tabela, fonte, condicao=none, titulos=none) -%}
    {%- set dono = {'feito_por': 'linha.feito_por', 'ledger_codigo': 'linha.ledger_codigo'} -%}
    {%- if tabela.startswith('extrato') -%}
        {%- do dono.update({'feito_por': 'cast(null as text)', 'ledger_codigo': 'cast(null as text)'}) -%}
    {%- elif titulos -%}
        {%- for nome in ['feito_por', 'ledger_codigo'] -%}
            {%- set proprio = '' if tabela == 'baixas' else ', linha.' ~ nome -%}
            {%- do dono.update(
                {nome: 'coalesce(titulo0.' ~ nome ~ ', titulo1.' ~ nome ~ proprio ~ ')'}) -%}
        {%- endfor -%}
    {%- endif -%}
select
    {%- for item in colunas_do_espelho(tabela) %}
    {%- set nome, mascara = (item ~ ':').split(':')[:2] %}
    {% if mascara -%}
    {{ mascarado('linha.' ~ nome, mascara) }} as {{ nome }}
    {%- elif nome in dono -%}
    {{ dono[nome] }} as {{ nome }}
    {%- else -%}
    linha.{{ nome }}
    {%- endif -%}
    {{ "," if not loop.last }}
    {%- endfor %}
from {{ fonte }} as linha
{%- for titulo in titulos or [] %}
left join {{ titulo }} as titulo{{ loop.index0 }}
    on linha.empresa = titulo{{ loop.index0 }}.empresa
    and linha.codigo_titulo = titulo{{ loop.index0 }}.codigo_lancamento_omie
{%- endfor %}
where {{ esquema('omie') }}.ve_linha(
        case when {{ dono['ledger_codigo'] }} is not null then 'omie_pipeline'
            else {{ dono['feito_por'] }} end
    )
{%- if not tabela.startswith('extrato') %}
    and linha.excluido_em is null
{%- endif %}
{%- if condicao %}
    and linha.{{ condicao }}
{%- endif %}
{%- endmacro %}


{# A personal value: nome, documento, contato or nota. #}
{% macro mascarado(coluna, mascara) -%}
    {{ esquema('omie') }}.mascarar_{{ mascara }}({{ coluna }})
{%- endmacro %}


{# Names of the columns that a view over the mirror has. #}
{% macro nomes_do_espelho(tabela) -%}
    {%- set nomes = [] -%}
    {%- for item in colunas_do_espelho(tabela) -%}
        {%- do nomes.append(item.split(':')[0]) -%}
    {%- endfor -%}
    {{ return(nomes) }}
{%- endmacro %}
