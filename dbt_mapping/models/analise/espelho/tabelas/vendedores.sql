{{ espelho('vendedores', source('omie', 'vendedores')) }}
