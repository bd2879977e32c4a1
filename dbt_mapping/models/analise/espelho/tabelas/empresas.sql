{{ espelho('empresas', source('omie', 'empresas')) }}
