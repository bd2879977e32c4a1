"""What a person does about a note that the city hall refused, from the city hall's own words, and
which corrections make it worth billing once more."""

from __future__ import annotations

import re

from omie_pipeline.nfse.nfse_orders import Part

_ANY = (
    "Corrija na clínica o que a prefeitura apontou e envie de novo: omie-pipeline push clientes "
    "servicos ordens_servico; a OS alterada é faturada mais uma vez. Se nada nela muda, decida "
    "você: omie-pipeline nfse issue"
)
_ORDER: frozenset[Part] = frozenset({"ordem"})
_CLIENTE: frozenset[Part] = frozenset({"ordem", "cliente"})
_SERVICE: frozenset[Part] = frozenset({"ordem", "servico"})
_PERSON: frozenset[Part] = frozenset()
# The first rule that knows the words counts.
_RULES: tuple[tuple[str, str, frozenset[Part]], ...] = (
    (
        r"duplic|j[áa] (?:existe|foi|est[áa]|utilizad|convertid|emitid|informad|processad|consta"
        r"|possui|cadastrad)|convertid[oa] em|rps.*(?:usad|utilizad)",
        "A prefeitura já conhece este RPS: veja no portal se a nota foi emitida antes de faturar "
        "de novo; se não foi, omie-pipeline nfse issue",
        _PERSON,
    ),
    (
        r"endere[çc]o|logradouro|\bcep\b|bairro|munic[ií]pio do tomador",
        "Corrija o endereço do paciente na clínica (logradouro, número, bairro, CEP, cidade e UF) "
        "e envie de novo o cliente e a ordem de serviço",
        _CLIENTE,
    ),
    (
        r"\bcpf\b|\bcnpj\b|tomador",
        "Confira o CPF/CNPJ e o nome do paciente na clínica e envie de novo o cliente e a ordem de "
        "serviço",
        _CLIENTE,
    ),
    (
        r"c[óo]digo (?:d[eo] )?servi[çc]o|lc ?-?116|item da lista|c[óo]digo de tributa|atividade"
        r"|\bcnae\b|\bnbs\b",
        "Corrija o código do procedimento (LC 116, código municipal, tributação) na clínica e "
        "envie de novo o serviço e a ordem de serviço",
        _SERVICE,
    ),
    (
        r"al[íi]quota|\biss\b|reten[çc][ãa]o|base de c[áa]lculo|dedu[çc]",
        "Confira a alíquota e a retenção de ISS do serviço com a contabilidade, corrija e envie de "
        "novo o serviço e a ordem de serviço",
        _SERVICE,
    ),
    (
        r"certificado|assinatura|senha|autentica|inscri[çc][ãa]o municipal do prestador"
        r"|n[ãa]o (?:est[áa] )?autorizado|credencia",
        "Confira no Omie o certificado digital, a senha da prefeitura e a inscrição municipal da "
        "empresa; depois fature de novo: omie-pipeline nfse issue",
        _ORDER,
    ),
    (
        r"compet[êe]ncia|data d[ea] emiss|per[íi]odo|data do rps|encerrad",
        "Confira a data do serviço e se a competência está aberta na prefeitura; corrija a data na "
        "clínica e envie de novo a ordem de serviço",
        _ORDER,
    ),
)
_COMPILED = tuple((re.compile(rule[0], re.IGNORECASE), *rule[1:]) for rule in _RULES)


def correction_for(words: str) -> str:
    """The fix, in Portuguese; a general one if no rule knows the words."""
    return _rule(words)[0]


def opens_with(words: str) -> frozenset[Part]:
    """Parts of a note whose change in Omie makes a refused one worth billing once more.

    Always the order itself, but for words that say the city hall knows the RPS already: then a
    note may stand, and only a person opens it. The cliente if the words are about address or
    document; the service if they are about its code or its rate.
    """
    return _rule(words)[1]


def _rule(words: str) -> tuple[str, frozenset[Part]]:
    known = ((fix, parts) for pattern, fix, parts in _COMPILED if pattern.search(words))
    return next(known, (_ANY, _ORDER))
