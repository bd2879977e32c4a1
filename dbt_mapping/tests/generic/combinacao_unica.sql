{# No two rows with the same values in `colunas`. #}
{% test combinacao_unica(model, colunas) %}
select {{ colunas | join(', ') }}, count(*) as linhas
from {{ model }}
group by {{ colunas | join(', ') }}
having count(*) > 1
{% endtest %}
