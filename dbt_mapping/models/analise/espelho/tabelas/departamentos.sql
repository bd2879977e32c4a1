{{ espelho('departamentos', source('omie', 'departamentos')) }}
