"""Behind nginx with TLS, configured as docs/console.md says."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.access.sessions import COOKIE
from omie_pipeline.console.backstage import Backstage
from omie_pipeline.console.server import Console
from omie_pipeline.postgres.tables import console_attempt
from tests.console.conftest import PASSWORD, Browser, House
from tests.docs.pages import ROOT, text_of

pytestmark = pytest.mark.slow
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")
_ANSWERS_SECONDS = 10.0


@pytest.fixture
def behind(house: House, tmp_path: Path) -> Iterator[Browser]:
    """A browser that reaches the console through nginx."""
    if NGINX is None:
        pytest.skip("no nginx: apt-get install nginx-light")
    backstage = Backstage(house.deployment, https=True, proxied=True)
    with Console(backstage, port=0) as console, _nginx(tmp_path, console.port) as url:
        context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        yield Browser(httpx.Client(base_url=url, verify=context, timeout=20))


class _nginx:
    def __init__(self, folder: Path, port: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        key, cert = folder / "key.pem", folder / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject,
             "-keyout", key, "-out", cert],
            check=True, capture_output=True,
        )  # fmt: skip
        page = text_of(ROOT / "docs" / "console.md")
        (location,) = re.findall(r"```nginx\n(.*?)```", page, re.DOTALL)
        location = location.replace("127.0.0.1:8780", f"127.0.0.1:{port}")
        folders = "".join(
            f"{kind}_temp_path {folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        self._file = folder / "nginx.conf"
        self._file.write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;\n"
            f"events {{}}\nhttp {{ access_log off; {folders}\n"
            f"server {{ listen 127.0.0.1:{self._port} ssl; server_name localhost;\n"
            f"ssl_certificate {cert}; ssl_certificate_key {key};\n{location} }} }}\n",
            "utf-8",
        )

    def __enter__(self) -> str:
        self._process = subprocess.Popen(
            [str(NGINX), "-c", str(self._file)], stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _ANSWERS_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
                return f"https://localhost:{self._port}"
            except OSError:
                assert self._process.poll() is None, "nginx ended"
                assert time.monotonic() < deadline, "nginx does not answer"

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)


def test_people_enter_and_act_through_it(house: House, behind: Browser) -> None:
    house.let_in("maria", Grant("*", Role.MANAGER))
    entered = behind.http.post(
        "/entrar",
        data={"login": "maria", "password": PASSWORD},
        headers={"origin": str(behind.http.base_url).rstrip("/")},
    )
    assert entered.headers["location"] == "/"
    assert "Secure" in entered.headers["set-cookie"]
    assert entered.headers["strict-transport-security"]
    assert "norte" in behind.get("/").text
    assert behind.send("/sair").headers["location"] == "/entrar"
    assert COOKIE not in behind.http.cookies


def test_nobody_chooses_the_address_that_counts(house: House, behind: Browser) -> None:
    """Wrong passwords are counted by what the proxy saw, not by what the browser says."""
    for number in range(3):
        behind.http.post(
            "/entrar",
            data={"login": "maria", "password": "errada errada"},
            headers={"x-forwarded-for": f"203.0.113.{number}"},
        )
    with house.engine.connect() as connection:
        addresses = connection.scalars(sa.select(console_attempt.c.address_digest)).all()
    assert len(addresses) == 3
    assert len(set(addresses)) == 1
