{{ espelho('dre', source('omie', 'dre')) }}
