{{ config(alias='projetos') }}
{{ canonica('projetos') }}
