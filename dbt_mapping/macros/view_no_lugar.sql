{#
  Views are replaced in place. dbt's own way (build beside, rename, drop the old one with cascade)
  takes every view above it along, so that building only some of the models, as the Dagster UI
  invites one to, would leave holes. Only where columns went away or changed type does PostgreSQL
  refuse to replace; then the view and what stands on it is dropped, and those models must be built.
  What other people put on it is never dropped: the build stops and names it.
#}
{% materialization view, adapter='postgres' %}

  {%- set target_relation = this.incorporate(type='view') -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- set grant_config = config.get('grants') -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {{ exigir_nossa(existing) }}
  {% if existing is not none and existing.type != 'view' %}
    {{ exigir_sem_alheios(existing) }}
    {{ adapter.drop_relation(existing) }}
  {% endif %}

  {% call statement('main') -%}
    {{ substituir_view(target_relation, sql) }}
  {%- endcall %}

  {% do apply_grants(target_relation, grant_config, should_revoke=True) %}
  {% do persist_docs(target_relation, model, for_relation=False) %}
  {% do marcar(target_relation) %}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}


{# The statement that gives a view this text, in place where PostgreSQL allows it. #}
{% macro substituir_view(relacao, sql) -%}
do $substituir_view$
declare
  alheios text[];
begin
  create or replace view {{ relacao }} as (
    {{ sql }}
  );
exception when invalid_table_definition then
  alheios := {{ esquema('omie_sync') }}.alheios_sobre('{{ relacao }}');
  if alheios <> '{}' then
    raise exception 'As colunas de % mudaram, e sobre ela há objetos que não são deste programa: %. Nada foi alterado. Apague-os, repita o build e crie-os de novo',
      '{{ relacao }}', array_to_string(alheios, '; ');
  end if;
  drop view {{ relacao }} cascade;
  create view {{ relacao }} as (
    {{ sql }}
  );
end
$substituir_view$
{%- endmacro %}
