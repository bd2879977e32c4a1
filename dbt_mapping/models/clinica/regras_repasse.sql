{{ canonica('regras_repasse') }}
