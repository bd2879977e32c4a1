{# `_missing`: what a row lacks at the clinic, for validation to refuse it by the clinic's own names. An
   entry is {table, column, kind: empty, unknown or twice, text: the id that names nothing or two different
   rows, of: where it is looked for}. NULL where nothing is missing.

   Each item of `lista`: `quando` (condition), `tabela` and `coluna` (SQL texts), and for an id that names
   nothing `texto` and `de`; `tipo` where it is neither empty nor unknown. #}
{% macro faltas(lista) -%}
    case when {% for item in lista %}({{ item.quando }}){{ " or " if not loop.last }}{% endfor %} then
        {%- for item in lista %}
        case when {{ item.quando }} then jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
            'table', {{ item.tabela }}, 'column', {{ item.coluna }},
            'kind', '{{ item.tipo or ('unknown' if item.texto else 'empty') }}'
            {%- if item.texto %}, 'text', {{ item.texto }}{% endif %}
            {%- if item.de %}, 'of', {{ item.de }}{% endif %}
        ))) else cast('[]' as jsonb) end {{ "||" if not loop.last }}
        {%- endfor %}
    end
{%- endmacro %}


{# The items of `faltas` about a payment method: `linha` has `forma_pagamento_id`, the joins are those of
   juncoes_da_conta. A method counts as known where the clinic has it or where an account is given for its
   id. A clinic (empresa) that keeps no payment methods at all has none to name: its money goes through
   the default account. #}
{% macro faltas_da_forma(linha, tabela, exigida='true') -%}
    {%- set forma = linha ~ '.forma_pagamento_id' -%}
    {{ return([
        {'quando': exigida ~ ' and com_formas.empresa is not null and ' ~ forma ~ ' is null',
         'tabela': tabela, 'coluna': "'forma_pagamento_id'"},
        {'quando': 'com_formas.empresa is not null and ' ~ forma ~ ' is not null and formas.id is null'
            ~ ' and por_id.payment_method is null and todas_por_id.payment_method is null',
         'tabela': tabela, 'coluna': "'forma_pagamento_id'", 'texto': forma,
         'de': "'formas_pagamento'"},
        {'quando': 'formas.divergem', 'tipo': 'twice',
         'tabela': tabela, 'coluna': "'forma_pagamento_id'", 'texto': forma,
         'de': "'formas_pagamento'"},
        {'quando': exigida ~ ' and formas.id is not null and formas.tipo is null',
         'tabela': "'formas_pagamento'", 'coluna': "'tipo'"},
    ]) }}
{%- endmacro %}


{# The item of `faltas` about an id that, where it is filled in, has to name a row. #}
{% macro falta_de(linha, tabela, coluna, de, encontrado) -%}
    {{ return({
        'quando': linha ~ '.' ~ coluna ~ ' is not null and ' ~ encontrado ~ ' is null',
        'tabela': tabela, 'coluna': "'" ~ coluna ~ "'", 'texto': linha ~ '.' ~ coluna,
        'de': "'" ~ de ~ "'",
    }) }}
{%- endmacro %}


{# The person whom a row names: `codigos` is the join of clientes_codigos, `id` our code of the person.
   One who left the clinic and is known at Omie still counts. #}
{% macro faltas_da_pessoa(id, tabela, coluna, de) -%}
    {{ return([
        {'quando': id ~ ' is null', 'tabela': tabela, 'coluna': coluna},
        {'quando': id ~ ' is not null and codigos.codigo is null', 'tabela': tabela,
         'coluna': coluna, 'texto': 'substr(' ~ id ~ ', 5)', 'de': de},
    ]) }}
{%- endmacro %}
