"""Files of issued notes: where they go, what is never overwritten, where they may come from."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import httpx
import pytest

from omie_pipeline.errors import ConfigurationError, RetryLater, UnknownFault
from omie_pipeline.nfse.archive import Archive, Files, stored_files
from omie_pipeline.omie.downloads import LARGEST_BYTES, download, is_ours
from tests.nfse.conftest import Notes
from tests.push.world import EMPRESA

BASE = "https://app.omie.com.br/api/v1/"


def _files(notes: Notes, place: Path) -> Files:
    base_url = notes.world.base_url
    return Files(Archive(str(place)), lambda link: download(link, base_url))


def test_pdf_and_xml_are_kept_with_their_hash(notes: Notes, tmp_path: Path) -> None:
    notes.billed()
    notes.minutes(2)
    assert notes.follow(_files(notes, tmp_path)).files == 2
    number = notes.state().numero
    held = {one.kind: one for one in stored_files(notes.engine, EMPRESA, "OS-1")}
    assert set(held) == {"pdf", "xml"}
    for kind, one in held.items():
        assert one.path == f"principal/2026/01/NFSe-{number}-OS-1.{kind}"
        content = (tmp_path / one.path).read_bytes()
        assert (one.sha256, one.size_bytes) == (
            hashlib.sha256(content).hexdigest(), len(content),
        )  # fmt: skip
    assert (tmp_path / held["pdf"].path).read_bytes().startswith(b"%PDF")
    assert sorted(path.suffix for path in tmp_path.rglob("*.*") if path.is_file()) == [
        ".pdf", ".xml",
    ]  # fmt: skip
    notes.minutes(120)
    notes.control.clear_calls()
    assert notes.follow(_files(notes, tmp_path)).files == 0
    assert notes.asked("ObterNFSe") == 0


def test_a_file_that_stands_there_is_never_overwritten(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    first = archive.store("a/b.pdf", b"um")
    assert archive.store("a/b.pdf", b"um") == first
    second = archive.store("a/b.pdf", b"dois")
    assert second.path != first.path
    assert (tmp_path / first.path).read_bytes() == b"um"
    assert (tmp_path / second.path).read_bytes() == b"dois"
    assert archive.store("a/b.pdf", b"dois") == second
    assert not list(tmp_path.rglob("*.part"))


def test_names_from_outside_stay_in_the_archive(notes: Notes, tmp_path: Path) -> None:
    from dataclasses import replace

    from omie_pipeline.nfse.archive import path_of

    notes.billed()
    odd = replace(notes.state(), cod_int_os="../../x y", numero="1/2", empresa="..")
    path = path_of(odd, "pdf", notes.clock.now())
    assert ".." not in path.split("/")
    assert path == "_/2026/01/NFSe-1_2-_.._x_y.pdf"


def test_a_bucket_whose_package_is_missing_is_a_setting_to_mend() -> None:
    with pytest.raises(ConfigurationError, match="OMIE_PIPELINE_NFSE_ARCHIVE"):
        Archive("nuvem://pasta").store("a/b.pdf", b"um")


def test_an_archive_in_memory_works_alike(notes: Notes) -> None:
    archive = Archive("memory://notas")
    stored = archive.store("x/y.pdf", b"abc")
    assert archive.store("x/y.pdf", b"abc") == stored


def test_a_pdf_that_comes_later_is_asked_for_again(notes: Notes, tmp_path: Path) -> None:
    calls = 0

    def not_yet(link: str) -> bytes:
        nonlocal calls
        calls += 1
        if calls <= 2:
            return download("http://127.0.0.1:9/nada", "http://127.0.0.1:9/")
        return download(link, notes.world.base_url)

    notes.billed()
    notes.minutes(2)
    files = Files(Archive(str(tmp_path)), not_yet)
    assert notes.follow(files).files == 0
    assert notes.state().state == "issued"
    notes.minutes(2)
    assert notes.follow(files).files == 2
    assert notes.state().next_check_at is None


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://app.omie.com.br/x.pdf", True),
        ("https://docs.omie.com.br/x.pdf", True),
        ("https://docs.omie.com.br:443/x.pdf", True),
        ("http://app.omie.com.br/x.pdf", False),
        ("https://app.omie.com.br:8443/x.pdf", False),
        ("https://omie.com.br.exemplo.com/x.pdf", False),
        ("https://malomie.com.br/x.pdf", False),
        ("https://usuario:senha@app.omie.com.br/x.pdf", False),
        ("https://127.0.0.1/x.pdf", False),
        ("file:///etc/passwd", False),
        ("https://[quebrado/x", False),
        ("", False),
    ],
)
def test_only_omies_own_hosts_are_asked(url: str, ours: bool) -> None:
    assert is_ours(url, BASE) is ours


def test_the_simulators_own_port_is_asked_and_no_other() -> None:
    base = "http://127.0.0.1:5000/api/v1/"
    assert is_ours("http://127.0.0.1:5000/docs/1.pdf", base)
    assert not is_ours("http://127.0.0.1:5001/docs/1.pdf", base)
    assert not is_ours("http://localhost:5000/docs/1.pdf", base)


def _served(answer: httpx.Response) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer

    return httpx.MockTransport(handle), seen


def test_a_redirect_to_another_host_is_not_followed() -> None:
    transport, seen = _served(httpx.Response(302, headers={"Location": "https://exemplo.com/x"}))
    with pytest.raises(UnknownFault, match="servidor do Omie"):
        download("https://app.omie.com.br/x.pdf", BASE, transport=transport)
    assert len(seen) == 1


def test_a_redirect_that_never_ends_ends() -> None:
    transport, seen = _served(httpx.Response(302, headers={"Location": "/outra"}))
    with pytest.raises(UnknownFault, match="sem fim"):
        download("https://app.omie.com.br/x.pdf", BASE, transport=transport)
    assert len(seen) == 4


def test_a_file_too_large_is_refused() -> None:
    transport, _ = _served(httpx.Response(200, content=b"x" * (LARGEST_BYTES + 1)))
    with pytest.raises(UnknownFault, match="20 MB"):
        download("https://app.omie.com.br/x.pdf", BASE, transport=transport)


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_not_yet_is_asked_again(status: int) -> None:
    transport, _ = _served(httpx.Response(status))
    with pytest.raises(RetryLater):
        download("https://app.omie.com.br/x.pdf", BASE, transport=transport)


def test_no_key_leaves_with_a_download() -> None:
    transport, seen = _served(httpx.Response(200, content=b"%PDF"))
    assert download("https://app.omie.com.br/x.pdf", BASE, transport=transport) == b"%PDF"
    (request,) = seen
    assert request.method == "GET"
    assert not request.content
    assert {"authorization", "cookie"}.isdisjoint(request.headers)


def test_an_archive_that_cannot_be_written_holds_up_no_other_note(
    notes: Notes, tmp_path: Path
) -> None:
    (tmp_path / "ocupado").write_text("um arquivo, não uma pasta")
    broken = _files(notes, tmp_path / "ocupado")
    notes.billed(1)
    notes.minutes(2)
    notes.follow(broken)
    assert notes.state("OS-1").state == "issued"
    notes.control.reject_next_note("Código de serviço inválido")
    notes.billed(2)
    notes.minutes(2)
    report = notes.follow(broken)
    assert "OMIE_PIPELINE_NFSE_ARCHIVE" in report.stopped
    assert notes.state("OS-2").state == "rejected"
    # The file is fetched once the folder is there.
    notes.minutes(10)
    assert notes.follow(_files(notes, tmp_path / "livre")).files == 2


@pytest.mark.parametrize("scheme", ["", "file://", "local://"])
def test_only_the_owner_reads_whatever_the_umask(tmp_path: Path, scheme: str) -> None:
    root = tmp_path / "below" / "notes"
    before = os.umask(0)
    try:
        stored = Archive(f"{scheme}{root}").store("principal/2026/01/a.pdf", b"um")
    finally:
        os.umask(before)
    file = root / stored.path
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    folders = [*file.parents][: len(Path(stored.path).parts) + 1]
    assert {stat.S_IMODE(one.stat().st_mode) for one in folders} == {0o700}
    assert Archive(f"{scheme}{root}").open_to_others() == ()


def test_what_an_earlier_version_left_open_is_told_and_closed_when_touched(tmp_path: Path) -> None:
    root = tmp_path / "notes"
    folder = root / "principal" / "2026"
    folder.mkdir(parents=True)
    file = folder / "a.pdf"
    file.write_bytes(b"um")
    for path, mode in ((root, 0o755), (root / "principal", 0o755), (folder, 0o755), (file, 0o644)):
        path.chmod(mode)
    archive = Archive(str(root))
    assert archive.open_to_others() == (root, root / "principal", folder, file)
    archive.store("principal/2026/a.pdf", b"um")
    # The root is the user's: whom he lets in there is his to say.
    assert archive.open_to_others() == (root,)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    archive.store("principal/2026/b.pdf", b"dois")
    assert archive.open_to_others() == (root,)
