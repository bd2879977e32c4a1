{# The columns that a model's contract gives it, as dbt compares them with the model's own. dbt's own
   macro warns of numeric without a scale, since it may round elsewhere. Here it is meant: PostgreSQL's
   numeric keeps every place, for validation to refuse those that are too many. #}
{% macro postgres__get_empty_schema_sql(columns) -%}
    {%- set sem_tipo = columns.values() | selectattr('data_type', 'undefined') | map(attribute='name') | list -%}
    {%- if sem_tipo -%}
        {{ exceptions.column_type_missing(column_names=sem_tipo) }}
    {%- endif -%}
    select
    {%- for coluna in columns.values() %}
    cast(null as {{ coluna.data_type }}) as {{ adapter.quote(coluna.name) }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{# A table's contract is compared with the table that was filled (macros/tabela_no_lugar.sql): dbt would
   have PostgreSQL plan the model's whole query a second time for it. #}
{% macro postgres__get_assert_columns_equivalent(sql) -%}
    {%- if config.get('materialized') != 'table' -%}
        {{ assert_columns_equivalent(sql) }}
    {%- endif -%}
{%- endmacro %}
