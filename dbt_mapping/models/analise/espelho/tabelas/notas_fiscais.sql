{# Two lists fill this table, so the view hangs on both. #}
{{ espelho('notas_fiscais', source('omie', 'notas_servico'), "tipo = 'NFS-e'") }}
union all
{{ espelho('notas_fiscais', source('omie', 'notas_produto'), "tipo = 'NF-e'") }}
