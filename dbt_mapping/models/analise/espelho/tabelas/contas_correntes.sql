{{ espelho('contas_correntes', source('omie', 'contas_correntes')) }}
