select * from {{ ref('titulos_em_aberto') }} where natureza = 'R'
