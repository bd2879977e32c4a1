{{ canonica('fornecedores') }}
