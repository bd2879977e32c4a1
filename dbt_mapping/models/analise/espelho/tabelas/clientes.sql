{{ espelho('clientes', source('omie', 'clientes')) }}
