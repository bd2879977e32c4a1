{# The two letters of a UF that is written out ("São Paulo", "S.P.", "Estado do Pará", "SP - São
   Paulo"). What is none of these stays as it is, in upper case, for validation to refuse. The names are
   those of catalog/reference/estados.csv; a test holds the two together. #}
{% macro uf_em_letras(coluna) -%}
    {%- set estados = {
        'AC': 'ACRE', 'AL': 'ALAGOAS', 'AM': 'AMAZONAS', 'AP': 'AMAPA', 'BA': 'BAHIA', 'CE': 'CEARA',
        'DF': 'DISTRITO FEDERAL', 'ES': 'ESPIRITO SANTO', 'GO': 'GOIAS', 'MA': 'MARANHAO',
        'MG': 'MINAS GERAIS', 'MS': 'MATO GROSSO DO SUL', 'MT': 'MATO GROSSO', 'PA': 'PARA',
        'PB': 'PARAIBA', 'PE': 'PERNAMBUCO', 'PI': 'PIAUI', 'PR': 'PARANA', 'RJ': 'RIO DE JANEIRO',
        'RN': 'RIO GRANDE DO NORTE', 'RO': 'RONDONIA', 'RR': 'RORAIMA', 'RS': 'RIO GRANDE DO SUL',
        'SC': 'SANTA CATARINA', 'SE': 'SERGIPE', 'SP': 'SAO PAULO', 'TO': 'TOCANTINS',
    } -%}
    {%- set chave = "regexp_replace(" ~ chave_do_municipio(coluna) ~ ", '^ESTADOD[AEO]', '')" -%}
    case
        when {{ coluna }} ~ '^[A-Za-z]{2}$' or {{ coluna }} ~ '[0-9]' then upper({{ coluna }})
        {%- for sigla, nome in estados.items() %}
        {%- set escrito = nome | replace(' ', '') %}
        when {{ chave }} in ('{{ sigla }}', '{{ escrito }}', '{{ escrito ~ sigla }}', '{{ sigla ~ escrito }}')
            then '{{ sigla }}'
        {%- endfor %}
        else upper({{ coluna }})
    end
{%- endmacro %}
