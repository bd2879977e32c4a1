{{ canonica('recebimentos') }}
