{{ canonica('contratos_itens') }}
