{{ espelho('projetos', source('omie', 'projetos')) }}
