{{ canonica('vendas_produtos') }}
