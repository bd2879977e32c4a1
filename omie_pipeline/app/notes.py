"""The seven functions around NFS-e, over a :class:`Deployment`: the terminal and Python use them.

``register_client``, ``issue_note``, ``check_note``, ``note_details``, ``cancel_note``,
``list_services`` and ``wait_for_note``; beside them what the follower's sensor needs. ``key``
is our code of the record: ``PAC-17`` of a cliente, ``OS-17`` of a service order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.catalog.services import load_service
from omie_pipeline.errors import Empty, OmieFault
from omie_pipeline.nfse.archive import Archive, Files, StoredDocument, StoredFile, stored_files
from omie_pipeline.nfse.billing import orders_model
from omie_pipeline.nfse.cancel import Canceller, CancelResult
from omie_pipeline.nfse.follow import FollowReport, follow
from omie_pipeline.nfse.one_note import Desk, known_note
from omie_pipeline.nfse.orders import describe_note
from omie_pipeline.nfse.state import NoteState, Transition, transitions
from omie_pipeline.nfse.taxes import TAXES, Taxes, order_taxes
from omie_pipeline.omie.downloads import download
from omie_pipeline.omie.wire import Json
from omie_pipeline.postgres.work import WhoseWork, under_way
from omie_pipeline.push.report import PushOptions, PushReport
from omie_pipeline.texts import app as texts

TIMEOUT_SECONDS = 300.0
"""How long the sales product waits for a note."""

_SERVICES = load_service("servicos_servico")
_ROWS_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class CheckedNote:
    """A note, and whether Omie was heard just now.

    Attributes:
        updated: false when the answer is what was known before.
        reason: why it was not heard, in Portuguese.
    """

    note: NoteState
    updated: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NoteDetails:
    """Everything that is known of a note, from the warehouse alone."""

    note: NoteState
    history: tuple[Transition, ...]
    files: tuple[StoredFile, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A service of Omie's catalogue; rates in per cent by the name of the tax."""

    n_cod_serv: int
    codigo_integracao: str
    codigo: str
    descricao: str
    lc116: str
    codigo_municipal: str
    preco: Decimal
    rates: dict[str, Decimal]
    withheld: tuple[str, ...]
    inativo: bool


def note_taxes(deployment: Deployment, empresa: str, key: str) -> Taxes:
    """Taxes of an order that Omie has, before it is billed.

    Raises:
        OmieFault: Omie has no such order, or cannot be read.
    """
    with deployment.client(empresa) as client:
        return order_taxes(client, key)


def issue_note(
    deployment: Deployment, empresa: str, key: str, requested_by: str, trigger: str = "cli"
) -> PushReport:
    """Bill an order because ``requested_by`` says so; the note is then followed.

    Under an intent: an answer that is lost is resolved by reading before anything is repeated.

    A note that the city hall refused, or that Omie says is not billed, is billed once more.

    Args:
        deployment: the composed deployment.
        empresa: the empresa whose rows are meant.
        key: our code of the order.
        requested_by: name of the person who decides.
        trigger: what started it: ``cli``, ``schedule``, ``sensor``, ``ui``, ``demo``.

    Raises:
        ConfigurationError: no such order was ever delivered, or its note was cancelled.
        OmieFault: the run stopped.
    """
    report = deployment.bill(empresa, key, requested_by, PushOptions(trigger=trigger))
    model = orders_model(deployment.engine)
    if model is not None:
        describe_note(deployment.engine, model, empresa, key)
    return report


def check_note(deployment: Deployment, empresa: str, key: str) -> CheckedNote:
    """The note of an order as Omie shows it now; as it is known here if Omie cannot be asked.

    Raises:
        ConfigurationError: the order was never billed through here.
    """
    note = known_note(deployment.engine, empresa, key)
    with desk(deployment, empresa) as at:
        try:
            found = at.refresh(note)
            if found is None:
                return CheckedNote(note, updated=False, reason=texts.NOTHING_SAID_OF_NOTE)
            return CheckedNote(at.documents(found), updated=True)
        except OmieFault as fault:
            held = known_note(deployment.engine, empresa, key)
            return CheckedNote(held, updated=False, reason=fault.detail.text)


def note_details(deployment: Deployment, empresa: str, key: str) -> NoteDetails:
    """A note with every change of its state and its files; nothing is asked of Omie.

    Raises:
        ConfigurationError: the order was never billed through here.
    """
    engine = deployment.engine
    return NoteDetails(
        known_note(engine, empresa, key),
        tuple(transitions(engine, empresa, key)),
        tuple(stored_files(engine, empresa, key)),
    )


def note_file(
    deployment: Deployment, note: NoteState, stored: Sequence[StoredFile], kind: str
) -> bytes | None:
    """The PDF or the XML of a note: from the archive, else from Omie by the link that it gave.

    Args:
        deployment: the composed deployment.
        note: as it is known.
        stored: what the archive holds of it.
        kind: ``pdf`` or ``xml``.

    Returns:
        The bytes; ``None`` if there is neither file nor link yet.

    Raises:
        OmieFault: Omie does not give it now, or the link leads elsewhere.
        ConfigurationError: the archive cannot be read.
    """
    files = files_of(deployment, note.empresa)
    if files is not None:
        for one in stored:
            if one.kind == kind:
                document = StoredDocument(one.path, one.sha256, one.size_bytes)
                if (content := files.archive.read(document)) is not None:
                    return content
    link = {"pdf": note.url_pdf, "xml": note.url_xml}.get(kind)
    if link is None:
        return None
    base_url = deployment.access(note.empresa).base_url
    return download(link, base_url, timeout_seconds=deployment.settings.timeout_seconds)


def cancel_note(
    deployment: Deployment, empresa: str, key: str, on_wait: Callable[[], None] | None = None
) -> CancelResult:
    """Cancel an order and its note in Omie, or say what an earlier request came to.

    Args:
        deployment: the composed deployment.
        empresa: the empresa whose rows are meant.
        key: our code of the order.
        on_wait: called when another process is cancelling notes of the empresa, which is waited
            for.

    Raises:
        ConfigurationError: the order was never billed through here.
        OmieFault: Omie refused, or nothing left.
        TakenOver: another process took this one's place; its request stands.
    """
    note = known_note(deployment.engine, empresa, key)
    with deployment.client(empresa) as client:
        return Canceller(deployment.engine, client, deployment.clock, on_wait).cancel(note)


def wait_for_note(
    deployment: Deployment, empresa: str, key: str, timeout_seconds: float = TIMEOUT_SECONDS
) -> NoteState:
    """The note once the city hall has answered, or as it stands after ``timeout_seconds``.

    Args:
        deployment: the composed deployment.
        empresa: the empresa whose rows are meant.
        key: our code of the order.
        timeout_seconds: the longest wait.

    Raises:
        ConfigurationError: the order was never billed through here.
        OmieFault: the key is blocked or refused.
    """
    note = known_note(deployment.engine, empresa, key)
    with desk(deployment, empresa) as at:
        return at.wait(note, timeout_seconds)


def list_services(deployment: Deployment, empresa: str) -> list[Service]:
    """Every service of Omie's catalogue with its codes and rates, in the order of its code.

    Raises:
        OmieFault: it cannot be read.
    """
    found: list[Service] = []
    with deployment.client(empresa) as client:
        page, pages = 1, 1
        while page <= pages:
            asked = {"nPagina": page, "nRegPorPagina": _ROWS_PER_PAGE}
            try:
                body = client.read(_SERVICES, "ListarCadastroServico", asked)
            except Empty:
                break
            found += [_service(record) for record in body.get("cadastros") or []]
            pages = int(body.get("nTotPaginas") or 1)
            page += 1
    return sorted(found, key=lambda one: (one.codigo, one.n_cod_serv))


def follow_open_notes(
    deployment: Deployment,
    empresa: str,
    *,
    most_questions: int,
    until: datetime | None = None,
    at_once: bool = False,
) -> FollowReport:
    """One round of the follower over the open notes of an empresa.

    Args:
        deployment: the composed deployment.
        empresa: the empresa whose notes these are.
        most_questions: about single notes, in this round.
        until: no question begins after this moment.
        at_once: read the list though no note is due.

    Raises:
        ConfigurationError: the address is not the API's.
        WarehouseError: the database is gone.
    """
    whose: WhoseWork = (empresa, "notes", "nfse")
    with (
        under_way(deployment.engine, deployment.clock, whose) as work,
        deployment.client(empresa, on_wait=work.wait) as client,
    ):
        return follow(
            deployment.engine,
            client,
            empresa,
            deployment.clock,
            files=files_of(deployment, empresa),
            most_questions=most_questions,
            until=until,
            at_once=at_once,
            on_asked=work.reach,
        )


@contextmanager
def desk(deployment: Deployment, empresa: str) -> Iterator[Desk]:
    """A desk with an open client."""
    with deployment.client(empresa) as client:
        yield Desk(deployment.engine, client, deployment.clock, files_of(deployment, empresa))


def files_of(deployment: Deployment, empresa: str) -> Files | None:
    """Where the files of notes go, ``None`` if only links are kept."""
    place = deployment.settings.nfse_archive
    if place is None:
        return None
    base_url = deployment.access(empresa).base_url
    timeout_seconds = deployment.settings.timeout_seconds
    return Files(
        Archive(place),
        lambda link: download(link, base_url, timeout_seconds=timeout_seconds),
    )


def _service(record: Json) -> Service:
    head, keys = record.get("cabecalho") or {}, record.get("intListar") or {}
    rates = record.get("impostos") or {}
    return Service(
        int(keys.get("nCodServ") or 0),
        str(keys.get("cCodIntServ") or ""),
        str(head.get("cCodigo") or ""),
        str(head.get("cDescricao") or ""),
        str(head.get("cCodLC116") or ""),
        str(head.get("cCodServMun") or ""),
        Decimal(str(head.get("nPrecoUnit") or 0)),
        {tax: Decimal(str(rates.get(f"nAliq{tax}") or 0)) for tax in TAXES},
        tuple(tax for tax in TAXES if rates.get(f"cRet{tax}") == "S"),
        (record.get("info") or {}).get("inativo") == "S",
    )
