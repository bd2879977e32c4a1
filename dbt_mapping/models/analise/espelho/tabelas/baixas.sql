{% set titulos = [source('omie', 'contas_receber'), source('omie', 'contas_pagar')] %}
{{ espelho('baixas', source('omie', 'baixas'), titulos=titulos) }}
