{# The folder decides the schema, so that every reader finds `clinica.pacientes` and
   `omie_payload.omie_clientes` under the same name whatever profile or target was used. Before each
   name stands the prefix of the installation (OMIE_PIPELINE_SCHEMA_PREFIX). #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set pastas = node.original_file_path.replace('\\', '/').split('/') -%}
    {%- if custom_schema_name is not none -%}
        {{ custom_schema_name | trim }}
    {%- elif pastas[0] == 'models' -%}
        {{ esquema({
            'staging': 'staging', 'clinica': 'clinica', 'omie': 'omie_payload',
            'analise': 'analise',
        }[pastas[1]]) }}
    {%- else -%}
        {{ target.schema }}
    {%- endif -%}
{%- endmacro %}
