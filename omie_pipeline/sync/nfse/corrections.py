"""What a person does about a note that the city hall refused, from the city hall's own words."""

from __future__ import annotations

import re

_ANY = (
    "Corrija na clínica o que a prefeitura apontou e envie de novo: omie-pipeline push clientes "
    "servicos ordens_servico; a OS alterada é faturada mais uma vez"
)
_RULES = (
    (
        r"endere[çc]o|logradouro|\bcep\b|bairro|munic[ií]pio do tomador",
        "Corrija o endereço do paciente na clínica (logradouro, número, bairro, CEP, cidade e UF) "
        "e envie de novo o cliente e a ordem de serviço",
    ),
    (
        r"\bcpf\b|\bcnpj\b|tomador",
        "Confira o CPF/CNPJ e o nome do paciente na clínica e envie de novo o cliente e a ordem de "
        "serviço",
    ),
    (
        r"c[óo]digo (?:d[eo] )?servi[çc]o|lc ?-?116|item da lista|c[óo]digo de tributa|atividade"
        r"|\bcnae\b|\bnbs\b",
        "Corrija o código do procedimento (LC 116, código municipal, tributação) na clínica e "
        "envie de novo o serviço e a ordem de serviço",
    ),
    (
        r"al[íi]quota|\biss\b|reten[çc][ãa]o|base de c[áa]lculo|dedu[çc]",
        "Confira a alíquota e a retenção de ISS do serviço com a contabilidade, corrija e envie de "
        "novo o serviço e a ordem de serviço",
    ),
    (
        r"certificado|assinatura|senha|autentica|inscri[çc][ãa]o municipal do prestador"
        r"|n[ãa]o (?:est[áa] )?autorizado|credencia",
        "Confira no Omie o certificado digital, a senha da prefeitura e a inscrição municipal da "
        "empresa; depois altere a ordem de serviço ou fature de novo pelo Omie",
    ),
    (
        r"compet[êe]ncia|data d[ea] emiss|per[íi]odo|data do rps|encerrad",
        "Confira a data do serviço e se a competência está aberta na prefeitura; corrija a data na "
        "clínica e envie de novo a ordem de serviço",
    ),
    (
        r"duplicad|j[áa] (?:existe|foi|utilizad|convertid)|rps.*(?:usad|utilizad)",
        "A prefeitura já conhece este RPS: veja no portal se a nota foi emitida antes de faturar "
        "de novo",
    ),
)
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), fix) for pattern, fix in _RULES)


def correction_for(words: str) -> str:
    """The fix, in Portuguese; a general one where no rule knows the words."""
    return next((fix for pattern, fix in _COMPILED if pattern.search(words)), _ANY)
