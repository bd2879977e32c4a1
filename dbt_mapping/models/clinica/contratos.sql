{{ canonica('contratos') }}
