{# A filled reference points at a row of `alvo` in the same empresa. #}
{% test existe_na_empresa(model, column_name, alvo, campo='id') %}
select origem.empresa, origem.{{ column_name }}
from {{ model }} as origem
left join {{ alvo }} as alvo
    on origem.empresa = alvo.empresa and origem.{{ column_name }} = alvo.{{ campo }}
where origem.{{ column_name }} is not null and alvo.{{ campo }} is null
{% endtest %}
