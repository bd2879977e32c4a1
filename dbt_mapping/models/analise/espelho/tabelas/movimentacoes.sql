{% set titulos = [source('omie', 'contas_receber'), source('omie', 'contas_pagar')] %}
{{ espelho('movimentacoes', source('omie', 'movimentacoes'), titulos=titulos) }}
