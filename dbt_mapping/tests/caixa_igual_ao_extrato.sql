{# Money that moved, added to Omie's own opening balance, is the balance Omie prints. A warning: the
   statement and the movements are read one after the other. #}
{{ config(severity='warn') }}
select * from {{ ref('caixa_por_conta_e_dia') }} where diferenca <> 0
