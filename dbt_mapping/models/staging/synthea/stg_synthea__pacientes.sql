{% set exportados = source('synthea', 'patients') %}
{% set brasileiros = source('synthea', 'br_pacientes') %}

-- The export knows who the patient is; the Brazilian documents and address stand beside it. A patient
-- without them stays bare: a US address or an SSN is nothing that Omie could take.
select
    {{ empresa(exportados, alias='exportado') }} as empresa,
    {{ texto('exportado."Id"') }} as id,
    coalesce(
        {{ texto('brasileiro.nome') }},
        concat_ws(' ', {{ texto('exportado."FIRST"') }}, {{ texto('exportado."LAST"') }})
    ) as nome,
    {{ documento('brasileiro.cpf', brasileiros) }} as cpf,
    {{ texto('brasileiro.rg') }} as rg,
    {{ texto('brasileiro.rg_orgao_emissor') }} as rg_orgao_emissor,
    {{ data_iso('exportado."BIRTHDATE"') }} as data_nascimento,
    {{ texto('brasileiro.email') }} as email,
    {{ texto('brasileiro.telefone') }} as telefone,
    {{ texto('brasileiro.logradouro') }} as logradouro,
    {{ texto('brasileiro.numero') }} as numero,
    {{ texto('brasileiro.complemento') }} as complemento,
    {{ texto('brasileiro.bairro') }} as bairro,
    {{ texto('brasileiro.cidade') }} as cidade,
    {{ texto('brasileiro.uf') }} as uf,
    {{ cep('brasileiro.cep', brasileiros) }} as cep,
    {{ data_iso('brasileiro.data_cadastro') }} as data_cadastro,
    cast(null as timestamptz) as atualizado_em
from {{ exportados }} as exportado
left join {{ source('synthea', 'br_pacientes') }} as brasileiro
    on exportado."Id" = brasileiro.id
    and {{ empresa(exportados, alias='exportado') }}
        = {{ empresa(source('synthea', 'br_pacientes'), alias='brasileiro') }}
