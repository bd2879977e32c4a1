{# Omie's numeric id of a record that this pipeline delivers itself: a marker that the engine replaces
   by the id when it sends, and until then holds the row. NULL where there is no code. #}
{% macro omie_id(endpoint, codigo) -%}
    case when {{ codigo }} is not null then
        jsonb_build_object('$omie_id', jsonb_build_array('{{ endpoint }}', {{ codigo }}))
    end
{%- endmacro %}


{# Whether clientes are known at Omie by our integration code, or by their CPF/CNPJ. #}
{% macro clientes_por() -%}
    {%- set por = var('clientes_por', 'integracao') -%}
    {%- if por not in ('integracao', 'documento') -%}
        {{ exceptions.raise_compiler_error(
            "clientes_por is '" ~ por ~ "'; use integracao or documento") }}
    {%- endif -%}
    {{ return(por) }}
{%- endmacro %}


{# The two ways in which a row names its cliente, one of them NULL: our code, Omie's id. #}
{% macro cliente_pelo_codigo(codigo) -%}
    {{ codigo if clientes_por() == 'integracao' else 'cast(null as text)' }}
{%- endmacro %}

{% macro cliente_pelo_id(codigo) -%}
    {{ omie_id('clientes_cpf_cnpj', codigo) if clientes_por() == 'documento'
        else 'cast(null as jsonb)' }}
{%- endmacro %}


{# S, N or NULL, as Omie writes a yes or no. #}
{% macro sim_nao(coluna) -%}
    case {{ coluna }} when true then 'S' when false then 'N' end
{%- endmacro %}


{# A date inside jsonb: ISO text, which the engine turns into dd/mm/aaaa. #}
{% macro data_json(coluna) -%}
    to_char({{ coluna }}, 'YYYY-MM-DD')
{%- endmacro %}


{# A jsonb object without the keys that are NULL; NULL where nothing is left. #}
{% macro objeto(campos) -%}
    nullif(jsonb_strip_nulls(jsonb_build_object(
        {%- for nome, valor in campos.items() %}
        '{{ nome }}', {{ valor }}{{ "," if not loop.last }}
        {%- endfor %}
    )), '{}')
{%- endmacro %}


{# What is mailed to the cliente when a note is issued: nothing, unless nfse_por_email is S. #}
{% macro nfse_por_email() -%}
    {%- set enviar = var('nfse_por_email', 'N') | string | upper -%}
    {%- if enviar not in ('S', 'N') -%}
        {{ exceptions.raise_compiler_error("nfse_por_email is '" ~ enviar ~ "'; use S or N") }}
    {%- endif -%}
    {{ return(enviar) }}
{%- endmacro %}
