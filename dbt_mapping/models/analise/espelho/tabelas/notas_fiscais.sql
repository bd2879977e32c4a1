{# Two lists fill this table, so the view hangs on both. #}
with de_servico as (

    {{ espelho('notas_fiscais', source('omie', 'notas_servico'), "tipo = 'NFS-e'") }}

),

de_produto as (

    {{ espelho('notas_fiscais', source('omie', 'notas_produto'), "tipo = 'NF-e'") }}

)

{{ uniao(['de_servico', 'de_produto'], nomes_do_espelho('notas_fiscais')) }}
