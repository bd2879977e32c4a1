{{ canonica('pagamentos') }}
