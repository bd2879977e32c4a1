{{ canonica('compras_produtos') }}
