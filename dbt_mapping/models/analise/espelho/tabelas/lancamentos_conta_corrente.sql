{{ espelho('lancamentos_conta_corrente', source('omie', 'lancamentos_conta_corrente')) }}
