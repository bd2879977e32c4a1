{{ config(
    materialized='table',
    indexes=[
        {'columns': ['empresa', 'data_particao']},
        {'columns': ['empresa', 'codigo_baixa_integracao']},
    ],
    post_hook='analyze {{ this }}',
) }}

{{ estornos('BXR-', 'not a_pagar') }}
