{{ canonica('despesas') }}
