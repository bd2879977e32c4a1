{{ canonica('procedimentos') }}
