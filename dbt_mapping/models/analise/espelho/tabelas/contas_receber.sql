{{ espelho('contas_receber', source('omie', 'contas_receber')) }}
