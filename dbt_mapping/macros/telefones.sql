{# Reading a Brazilian telephone out of what people type. What is not certainly one is left out of Omie
   and told (`_warnings`): a number of another country read as a Brazilian one is a stranger's. #}

{# The area codes that there are (catalog/reference/ddd_por_uf.csv; a test holds the two together). #}
{% macro ddds() -%}
    (?:1[1-9]|2[12478]|3[1-578]|4[1-9]|5[1345]|6[1-9]|7[134579]|8[1-9]|9[1-9])
{%- endmacro %}


{# A lateral subquery with `ddd`, `numero` and `problema` of the telephone in `coluna`:

   - an extension at the end ("ramal 12") is no part of the number;
   - of two numbers the first one is read, and that is reported;
   - +55, 0055, 55, the trunk 0 and a carrier's code (0 15 11 …, 0xx11 …) are taken off;
   - +1, 001 and the grouping 305 555 1234 are of other countries;
   - a number has nine digits and begins with 9, or eight and begins with 2 to 5, after an area code that
     exists. Without any area code it is sent without one, as the clinic has it.

   Each step is its own subquery behind `offset 0`, so that PostgreSQL works it out once. #}
{% macro telefone_lido(coluna) -%}
(
    select
        case when completo then left(digitos, 2) end as ddd,
        case
            when completo then substr(digitos, 3)
            when local and texto ~ '^[0-9 .-]+$' then texto
            when local then digitos
        end as numero,
        case
            when texto is null then null
            when estrangeiro then 'foreign_telephone'
            when not completo and not local then 'unreadable_telephone'
            when muitos > 1 then 'several_telephones'
        end as problema
    from (
        select
            texto, muitos, estrangeiro, digitos,
            not estrangeiro and digitos ~ '^{{ ddds() }}(?:9[0-9]{8}|[2-5][0-9]{7})$'
                and substr(digitos, 3) !~ '^(.)\1*$' as completo,
            not estrangeiro and digitos ~ '^(?:9[0-9]{8}|[2-5][0-9]{7})$'
                and digitos !~ '^(.)\1*$' as local
        from (
            select
                texto, muitos,
                numero ~ '^[^0-9]*[+](?![^0-9]*0*55)' or brutos ~ '^00(?!55)'
                    or numero ~ '^[^0-9]*[1-9][0-9]{2}[^0-9]+[0-9]{3}[^0-9]+[0-9]{4}[^0-9]*$'
                    as estrangeiro,
                case
                    when nacionais ~ '^0[1-9][0-9]{9,10}$' then substr(nacionais, 2)
                    when nacionais ~ '^0[1-9][0-9][1-9][0-9]{9,10}$' then substr(nacionais, 4)
                    else nacionais
                end as digitos
            from (
                select
                    texto, muitos, numero, brutos,
                    case
                        when numero ~ '^[^0-9]*[+]' or brutos ~ '^00'
                            then regexp_replace(brutos, '^0*55', '')
                        else regexp_replace(brutos, '^55([0-9]{10,11})$', '\1')
                    end as nacionais
                from (
                    select
                        texto, muitos, numero, regexp_replace(numero, '[^0-9]', '', 'g') as brutos
                    from (
                        select
                            sem_ramal as texto,
                            cardinality(partes) as muitos,
                            case when cardinality(partes) > 1 then partes[1] else sem_ramal end
                                as numero
                        from (
                            select
                                sem_ramal,
                                array(
                                    select parte
                                    from regexp_split_to_table(
                                        sem_ramal, '\s*(?:/|\||;|,|\mou\M|\me\M)\s*', 'i'
                                    ) with ordinality as separadas (parte, lugar)
                                    where length(regexp_replace(parte, '[^0-9]', '', 'g')) >= 8
                                    order by lugar
                                ) as partes
                            from (
                                select btrim(regexp_replace(
                                    {{ coluna }},
                                    '[ ,;/(-]*\m(?:ramal|ram|rml|ext|r)[. :]*[0-9]{1,6}[ )]*$', '', 'i'
                                )) as sem_ramal
                                offset 0
                            ) as cortado
                            offset 0
                        ) as separado
                        offset 0
                    ) as escolhido
                    offset 0
                ) as bruto
                offset 0
            ) as nacional
            offset 0
        ) as lido
        offset 0
    ) as conferido
)
{%- endmacro %}


{# Area code and number alone, for a model of one's own. #}
{% macro telefone_ddd(coluna) -%}
    (select ddd from {{ telefone_lido(coluna) }} as lido)
{%- endmacro %}

{% macro telefone_numero(coluna) -%}
    (select numero from {{ telefone_lido(coluna) }} as lido)
{%- endmacro %}
