{{ espelho('categorias', source('omie', 'categorias')) }}
