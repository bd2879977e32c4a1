{{ canonica('pacientes') }}
