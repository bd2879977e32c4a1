"""Service codes of the demo clinic's procedures: LC 116, city hall, taxation, text on the invoice.

The items of LC 116 are real; the city hall's codes are invented. The text on the invoice names the
kind of service and never the treatment, which is health data.
"""

from __future__ import annotations

from dataclasses import dataclass

NO_CODES = frozenset({"180256009", "50849002"})
"""Procedures without any service code."""
NO_CITY_CODE = frozenset({"710824005"})
"""Procedures that have the item of LC 116 and not the city hall's code."""

MUNICIPAL_TAX = "01"


@dataclass(frozen=True, slots=True)
class Service:
    """What an invoice says of one item of LC 116; the rate of ISS is in per cent."""

    lc116: str
    municipal: str
    text: str
    iss: str


_MEDICAL = Service("4.01", "04030", "Serviços médicos", "2.00")
_EXAM = Service("4.02", "04197", "Exames e diagnósticos", "2.00")
_HOSPITAL = Service("4.03", "04219", "Serviços hospitalares", "2.00")
_NURSING = Service("4.06", "04103", "Serviços de enfermagem", "2.00")
_THERAPY = Service("4.08", "04120", "Terapia e reabilitação", "5.00")
_PSYCHOLOGY = Service("4.16", "04316", "Serviços de psicologia", "5.00")

# The first that begins or occurs in the procedure's name.
_BY_WORD = (
    (_PSYCHOLOGY, ("ansiedade", "depressão", "necessidades sociais", "uso de substâncias")),
    (_THERAPY, ("Reabilitação", "Imobilização")),
    (_NURSING, ("vacina", "Vacina", "Injeção", "Injection", "Imunização")),
    (_HOSPITAL, ("Internação", "Parto", "parto", "Admissão", "infarto", "parada cardíaca")),
    (
        _EXAM,
        (
            *(
                "Antígeno",
                "Anticorpos",
                "anticorpos",
                "Urocultura",
                "Exame de",
                "Teste",
                "Rastreio",
            ),
            *("Proteína", "Glicose", "Hemoglobina", "Sangue", "Alfafetoproteína", "Tipagem"),
            *("Citologia", "Ultrassom", "Radiografia", "Ecocardiografia", "Espirometria"),
            "Colonoscopia",
        ),
    ),
)


def service_of(name: str) -> Service:
    """What the procedure of this name is, for an invoice."""
    for service, words in _BY_WORD:
        if any(word in name for word in words):
            return service
    return _MEDICAL


def service_columns(code: str, name: str) -> tuple[str, str, str, str, str, str]:
    """codigo_lc116, codigo_servico_municipal, codigo_tributacao, descricao_completa, aliquota_iss,
    retem_iss of one procedure; all empty if the clinic has put none."""
    if code in NO_CODES:
        return ("", "", "", "", "", "")
    service = service_of(name)
    city = "" if code in NO_CITY_CODE else service.municipal
    return (service.lc116, city, MUNICIPAL_TAX, service.text, service.iss, "N")
