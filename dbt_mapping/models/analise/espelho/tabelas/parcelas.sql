{{ espelho('parcelas', source('omie', 'parcelas')) }}
