{{ canonica('profissionais') }}
