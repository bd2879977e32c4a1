{#
  Tables are filled again in place. dbt's own way (build beside, swap the names, drop the old one with
  cascade) takes the analysts' views on a table along. Rows are deleted, not truncated: a reader
  meanwhile, such as a push that plans, sees the old rows whole until the new ones are committed.
  Only where the columns differ is the table dropped with the views on it; those must be built again,
  as they are by `omie-pipeline build`. What other people put on it is never dropped: the build stops
  and names it.

  The model's query is kept beside the table, as a view of its name in schema `staging`: what an
  empresa's rows are filled from when only the clinic's rows changed (`omie_pipeline/models`).
#}
{% materialization table, adapter='postgres' %}

  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- set filled = make_temp_relation(target_relation) -%}
  {%- set grant_config = config.get('grants') -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {{ exigir_nossa(existing) }}
  {% call statement('filled') -%}
    {{ create_table_as(True, filled, sql) }}
  {%- endcall %}
  {%- if config.get('contract').enforced %}
    {{ assert_columns_equivalent('select * from ' ~ filled) }}
  {%- endif %}

  {%- set new_columns = adapter.get_columns_in_relation(filled) -%}
  {%- set kept = existing is not none and existing.type == 'table'
      and formato_das_colunas(adapter.get_columns_in_relation(existing))
      == formato_das_colunas(new_columns) -%}
  {%- set names = new_columns | map(attribute='quoted') | join(', ') -%}

  {% if kept %}
    {{ exigir_sem_cascata(target_relation) }}
    {% call statement('main') -%}
      -- Two builds at once would otherwise each keep their own rows. Readers are not blocked.
      lock table {{ target_relation }} in share row exclusive mode;
      delete from {{ target_relation }};
      insert into {{ target_relation }} ({{ names }}) select {{ names }} from {{ filled }};
    {%- endcall %}
  {% else %}
    {% if existing is not none %}
      {{ exigir_sem_alheios(existing) }}
      {{ adapter.drop_relation(existing) }}
    {% endif %}
    {% call statement('main') -%}
      create table {{ target_relation }} as select {{ names }} from {{ filled }};
    {%- endcall %}
    {% do create_indexes(target_relation) %}
  {% endif %}
  {% call statement('emptied') -%}
    drop table {{ filled }};
  {%- endcall %}

  {{ guardar_consulta(target_relation, existing is none) }}

  {% do apply_grants(target_relation, grant_config, should_revoke=True) %}
  {% do persist_docs(target_relation, model, for_relation=False) %}
  {% do marcar(target_relation) %}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}


{# Names and types in order, as one comparable text. #}
{% macro formato_das_colunas(columns) -%}
    {%- for column in columns -%}{{ column.name }} {{ column.data_type }};{%- endfor -%}
{%- endmacro %}


{# Keeps the query of a model that is a table. One that reads itself had no table to read when it
   was compiled for the first time; it is compiled once more. #}
{% macro guardar_consulta(tabela, nova) -%}
    {%- set consulta = api.Relation.create(
        database=tabela.database, schema=esquema('staging'), identifier=tabela.identifier, type='view'
    ) -%}
    {%- set texto = [sql] -%}
    {%- if nova and 'load_relation(this)' in model.raw_code -%}
        {%- do adapter.cache_added(tabela) -%}
        {%- do texto.append(render(model.raw_code)) -%}
    {%- endif -%}
    {{ exigir_nossa(consulta) }}
    {% call statement('consulta') -%}
        {{ substituir_view(consulta, texto | last) }}
    {%- endcall %}
    {% call statement('marcar_consulta') -%}
        select {{ esquema('omie_sync') }}.marcar('{{ consulta }}')
    {%- endcall %}
{%- endmacro %}
