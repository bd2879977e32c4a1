{{ espelho('extrato', source('omie', 'extrato')) }}
