{% set titulos = [source('omie', 'contas_receber'), source('omie', 'contas_pagar')] %}
{{ espelho('saldos_titulos', source('omie', 'saldos_titulos'), titulos=titulos) }}
