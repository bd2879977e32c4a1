"""The authorities are read once per process, and those that the machine's owner names."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest
from pydantic import SecretStr

from omie_pipeline.clock import SystemClock
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.omie import Credentials, LocalRateLimiter, OmieClient, wire
from omie_pipeline.omie.wire import BoundedTransport


@pytest.fixture(autouse=True)
def _nothing_read_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    wire._context.cache_clear()
    yield
    wire._context.cache_clear()


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Files of authorities that were read."""
    read: list[str | None] = []
    load = ssl.SSLContext.load_verify_locations

    def counted(self: ssl.SSLContext, cafile: str | None = None, *rest: object) -> None:
        read.append(cafile)
        load(self, cafile, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counted)
    return read


def test_authorities_are_read_once_whatever_the_number_of_clients(
    readings: list[str | None],
) -> None:
    for _ in range(3):
        keys = Credentials(SecretStr("key"), SecretStr("secret"))
        OmieClient(keys, "https://127.0.0.1:9/", LocalRateLimiter(), SystemClock()).close()
        BoundedTransport().close()
    assert readings == [certifi.where()]


def test_authorities_of_the_named_file_are_trusted(
    readings: list[str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = len(wire.shared_context().get_ca_certs())
    one = tmp_path / "own.pem"
    own = ssl.DER_cert_to_PEM_cert(wire.shared_context().get_ca_certs(binary_form=True)[0])
    one.write_text(own, encoding="ascii")
    monkeypatch.setenv("SSL_CERT_FILE", str(one))
    assert usual > 1
    assert len(wire.shared_context().get_ca_certs()) == 1
    assert readings == [certifi.where(), str(one)]


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_that_holds_no_certificates_is_named(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "missing.pem"
    if content is not None:
        file.write_text(content, encoding="ascii")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(ConfigurationError, match=r"SSL_CERT_FILE: .*missing\.pem"):
        wire.shared_context()


def test_no_authorities_reads_nothing_and_trusts_nobody(readings: list[str | None]) -> None:
    context = wire.no_authorities()
    assert (readings, context.get_ca_certs()) == ([], [])
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
