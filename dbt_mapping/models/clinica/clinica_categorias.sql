{{ config(alias='categorias') }}
{{ canonica('categorias') }}
