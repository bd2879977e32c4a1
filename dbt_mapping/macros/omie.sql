{# What the payload models share. Nothing here shortens a value: too long is validation's to say. #}

{# The clinic's time zone: when a day begins. #}
{% macro fuso() -%}
    {{- env_var('OMIE_PIPELINE_TIME_ZONE', '') or 'America/Sao_Paulo' -}}
{%- endmacro %}


{# Partition of a fact. Dates before the start fall on the start date when the clinic asked for
   them, else they keep their own and no partition selects them. A row whose date could not be read,
   or whose year no money of a clinic has (variable `anos_do_dinheiro`), falls on the start date too,
   so that some partition selects it and validation can refuse it. #}
{% macro data_particao(coluna) -%}
    {%- set hoje = run_started_at.astimezone(modules.pytz.timezone(fuso())) -%}
    {%- set informado = env_var('OMIE_PIPELINE_START_DATE', '') or hoje.strftime('%Y-01-01') -%}
    {%- set inicio = 'date ' ~ dbt.string_literal(informado) -%}
    {%- set anos = var('anos_do_dinheiro') -%}
    {%- set dia -%}
    case when {{ coluna }} between date '{{ anos[0] }}-01-01' and date '{{ anos[1] }}-12-31' then {{ coluna }} end
    {%- endset -%}
    {%- if env_var('OMIE_PIPELINE_INCLUDE_BEFORE_START', 'false') | lower in ('true', '1') -%}
    coalesce(greatest({{ dia }}, {{ inicio }}), {{ inicio }})
    {%- else -%}
    coalesce({{ dia }}, {{ inicio }})
    {%- endif -%}
{%- endmacro %}


{# Money with two decimals, unless it has more: those stay visible for validation to refuse,
   where numeric(15,2) would round them in silence. #}
{% macro dinheiro(coluna) -%}
    case
        when {{ coluna }} = round({{ coluna }}, 2) then round({{ coluna }}, 2)
        else {{ coluna }}
    end
{%- endmacro %}


{# "1/3" as Omie writes it, "001/003"; anything else as it came. #}
{% macro numero_parcela(coluna) -%}
    case
        when {{ coluna }} ~ '^[0-9]{1,3}/[0-9]{1,3}$'
            then lpad(split_part({{ coluna }}, '/', 1), 3, '0') || '/'
                || lpad(split_part({{ coluna }}, '/', 2), 3, '0')
        else {{ coluna }}
    end
{%- endmacro %}


{# Upper case without accents, as Omie spells cities. upper() alone leaves accented letters as they
   are under the C locale, and unaccent is an extension. #}
{% macro maiusculo_sem_acento(coluna) -%}
    upper(translate(
        {{ coluna }},
        'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ’´`',
        'aaaaaeeeeiiiiooooouuuucnAAAAAEEEEIIIIOOOOOUUUUCN'''''''
    ))
{%- endmacro %}


{# Comparable form of a municipality's name: letters only. #}
{% macro chave_do_municipio(coluna) -%}
    regexp_replace({{ maiusculo_sem_acento(coluna) }}, '[^A-Z]', '', 'g')
{%- endmacro %}


{# Where RG and issuer travel. Omie's cliente has no field for them. #}
{% macro rg_destino() -%}
    {%- set destino = var('rg_destino') -%}
    {%- if destino not in ('caracteristicas', 'observacao', 'inscricao_estadual') -%}
        {{ exceptions.raise_compiler_error(
            "rg_destino is '" ~ destino
            ~ "'; use caracteristicas, observacao or inscricao_estadual") }}
    {%- endif -%}
    {{ return(destino) }}
{%- endmacro %}
