{# Characters that Omie keeps of our codes where they are fewer than 60 (the catalog; a test holds the two
   together). #}
{% macro tamanho_do_codigo(endpoint) -%}
    {{ return({
        'projetos': 20, 'vendedores': 30, 'contratos': 20, 'itens_de_contratos': 30, 'baixas': 20,
    }[endpoint]) }}
{%- endmacro %}


{# Our code of a record: the prefix and the clinic's id. Where that is longer than Omie keeps, as with a
   UUID, the id is replaced by the beginning of its SHA-256, which is the same in every build; two ids that
   met in one code would be refused as a repeated code. `_origem_id` keeps the clinic's id. #}
{% macro nosso_codigo(endpoint, prefixo, id) -%}
    {%- set livres = tamanho_do_codigo(endpoint) - prefixo | length -%}
    '{{ prefixo }}' || case
        when length({{ id }}) <= {{ livres }} then {{ id }}
        else left(encode(sha256(convert_to({{ id }}, 'UTF8')), 'hex'), {{ livres }})
    end
{%- endmacro %}
