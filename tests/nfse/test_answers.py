"""What an answer of StatusOS or ListarNFSEs says of a note, and what it must not say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from omie_pipeline.catalog.nfse import NfseLimits
from omie_pipeline.nfse.answers import NoteReading, newest_by_order, read_listed, read_status
from omie_pipeline.nfse.billing import correction_for
from omie_pipeline.nfse.state import NoteState

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def note(**changes: Any) -> NoteState:
    empty = dict.fromkeys(NoteState.__dataclass_fields__)
    return NoteState(
        **{
            **empty, "empresa": "principal", "cod_int_os": "OS-1", "state": "submitted",
            "attempts": 1, "billed_at": NOW, "changed_at": NOW, **changes,
        }
    )  # fmt: skip


def status(*rps: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"nCodOS": 7, "cEtapa": "60", "cFaturada": "S", "cCancelada": "N",
            "ListaRpsNfse": list(rps), **changes}  # fmt: skip


def error(text: str, **changes: Any) -> dict[str, Any]:
    said = {"cCodigo": "E1", "cDescricao": text, "cCorrecao": "", "cSituacao": "ERRO", **changes}
    return {"nLote": 1, "nNfse": "", "mensagens": [said]}


def seen(body: dict[str, Any], after: float = 60, **changes: Any) -> NoteReading:
    return read_status(body, note(**changes), NOW + timedelta(seconds=after))


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (status(), "processing"),
        (status({"nLote": 1, "nNfse": "0"}), "processing"),
        (status({"nLote": 1, "nNfse": "12"}), "issued"),
        # A number wins over a complaint: what was issued is issued.
        (status({**error("aviso"), "nNfse": "12"}), "issued"),
        (status(error("Endereço inválido"), cFaturada="N", cEtapa="50"), "rejected"),
        (status(cCancelada="S"), "cancelled"),
        (status({"nLote": 1, "nNfse": "12"}, cCancelada="S"), "cancelled"),
        # The last lot tells.
        (status({"nLote": 2, "nNfse": ""}, error("antes")), "processing"),
        # The road to the city hall was down: no judgement.
        (status(error("Serviço da prefeitura indisponível")), "processing"),
        ({"nCodOS": 7}, None),
        ({}, None),
        # The codes of a lot and an RPS are not relied upon.
        (status({"nLote": 1, "cStatusLote": "003", "cStatusRps": "003"}), "processing"),
    ],
)
def test_numbers_messages_and_flags_tell(body: dict[str, Any], state: str | None) -> None:
    assert seen(body).state == state


def test_not_billed_counts_only_once_reads_cannot_lag_any_more() -> None:
    body = status(cFaturada="N", cEtapa="50")
    assert seen(body, after=60).state is None
    assert seen(body, after=600).state == "error"


def test_the_refusal_of_an_earlier_billing_is_not_a_new_one() -> None:
    body = status(error("Endereço inválido"), cFaturada="N", cEtapa="50")
    words = seen(body).message
    again = {"attempts": 2, "message": words}
    assert seen(body, after=60, **again).state is None
    # Without a time on it, the same words count again after a while; others count at once.
    assert seen(body, after=300, **again).state == "rejected"
    other = status(error("Outro motivo"), cFaturada="N", cEtapa="50")
    assert seen(other, after=60, **again).state == "rejected"


def test_a_refusal_with_its_old_time_never_counts_again() -> None:
    timed = error("Endereço inválido", dData="05/01/2026", hHora="08:59:00")
    body = status(timed, cFaturada="N", cEtapa="50")
    again = {"attempts": 2, "message": seen(body).message}
    assert seen(body, after=3600, **again).state is None
    timed["mensagens"][0]["hHora"] = "09:05:00"
    assert seen(body, after=3600, **again).state == "rejected"


def test_words_are_masked_and_cut() -> None:
    found = seen(status(error("CPF 529.982.247-25 de maria@exemplo.com " + "x" * 2000)))
    assert "529.982" not in found.message
    assert "maria@" not in found.message
    assert len(found.message) < 600


def test_a_refused_cancellation_is_told() -> None:
    said = {"cSituacao": "ALERTA", "cDescricao": "Cancelamento recusado: NFS-e já autorizada"}
    found = seen(status({"nLote": 1, "nNfse": "12", "mensagens": [said]}))
    assert found.state == "issued"
    assert found.cancellation_refused


def listed(order: int, number: int, state: str) -> dict[str, Any]:
    return {
        "Cabecalho": {"nCodNF": number, "nNumeroNFSe": str(number), "cStatusNFSe": state},
        "OrdemServico": {"nCodigoOS": order},
        "Emissao": {"cDataEmissao": "05/01/2026", "cHoraEmissao": "09:00:10"},
    }


def test_an_issued_note_of_an_order_counts_before_a_cancelled_one() -> None:
    found = newest_by_order([listed(1, 10, "F"), listed(1, 20, "C"), listed(2, 30, "C")])
    assert (found[1].state, found[1].n_cod_nf) == ("issued", 10)
    assert found[2].state == "cancelled"


def test_a_listed_note_has_its_time_in_brasilia() -> None:
    assert read_listed(listed(1, 10, "F")).issued_at == datetime(2026, 1, 5, 12, 0, 10, tzinfo=UTC)
    assert read_listed({"Cabecalho": {"cStatusNFSe": "X"}}).state is None


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("E160: Endereço do tomador inválido", "endereço do paciente"),
        ("CPF do tomador inexistente", "CPF/CNPJ"),
        ("Código de serviço não habilitado", "código do procedimento"),
        ("Alíquota de ISS divergente", "alíquota"),
        ("Certificado digital vencido", "certificado"),
        ("RPS já utilizado", "portal"),
        ("algo que ninguém viu", "push clientes"),
    ],
)
def test_a_refusal_has_a_correction(words: str, part: str) -> None:
    assert part in correction_for(words)


def test_a_city_is_the_same_with_accents_and_state() -> None:
    limits = NfseLimits.model_validate({"limite_minutos": 120, "por_municipio": {"SAO PAULO": 60}})
    for name in ("SAO PAULO (SP)", "São Paulo", "são paulo - SP"):
        assert limits.limit_of(name) == timedelta(minutes=60), name
    assert limits.limit_of("CAMPINAS (SP)") == limits.limit_of(None) == timedelta(minutes=120)
