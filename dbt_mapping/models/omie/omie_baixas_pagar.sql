{{ config(
    materialized='table',
    indexes=[
        {'columns': ['empresa', 'data_particao']},
        {'columns': ['empresa', 'codigo_baixa_integracao']},
    ],
    post_hook='analyze {{ this }}',
) }}

{{ baixas('BXP-', 'a_pagar') }}
