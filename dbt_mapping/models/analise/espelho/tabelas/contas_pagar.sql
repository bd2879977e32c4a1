{{ espelho('contas_pagar', source('omie', 'contas_pagar')) }}
