{{ espelho('extrato_linhas', source('omie', 'extrato_linhas')) }}
