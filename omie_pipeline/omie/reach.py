"""Why Omie could not be reached: the kind of a failed connection, and what a person does about
it."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Iterator

import httpx

from omie_pipeline.errors import FaultDetail, Unreachable

PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")

HOPELESS = ("certificado", "esquema")
"""Kinds that waiting cannot cure; they are reported at once."""

_TEXTS = {
    "certificado": (
        "O certificado do servidor não é de confiança",
        "confira OMIE_BASE_URL, o relógio da máquina e se um proxy ou antivírus abre o tráfego",
    ),
    "tls": (
        "A conexão segura (TLS) com o Omie falhou",
        "confira o relógio da máquina e se um proxy ou antivírus abre o tráfego",
    ),
    "dns": (
        "O nome do servidor do Omie não foi encontrado",
        "confira a internet, o DNS e OMIE_BASE_URL",
    ),
    "recusada": (
        "Nada responde no endereço do Omie (conexão recusada)",
        "confira OMIE_BASE_URL e se o simulador está ligado",
    ),
    "rede": ("Não há caminho de rede até o Omie", "confira a internet e a rede desta máquina"),
    "proxy": (
        "Sem conexão com o Omie, e há um proxy no ambiente",
        "este programa não passa pelo proxy: libere a saída direta para app.omie.com.br, porta 443",
    ),
    "esquema": (
        "O endereço do Omie não começa por https://",
        "confira OMIE_BASE_URL; a do Omie é https://app.omie.com.br/api/v1/",
    ),
    "sem_resposta": (
        "O servidor do Omie não aceitou a conexão a tempo",
        "confira a internet e o firewall (saída para app.omie.com.br, porta 443)",
    ),
}


def unreachable(error: httpx.RequestError) -> Unreachable:
    """The fault for a connection that never came about; httpx's own words stay out of it."""
    kind = _kind(error)
    text, fix = _TEXTS[kind]
    return Unreachable(FaultDetail(text, kind, 0, f"{fix[0].upper()}{fix[1:]}."), kind)


def _kind(error: httpx.RequestError) -> str:
    chain = list(_chain(error))
    if isinstance(error, httpx.UnsupportedProtocol):
        return "esquema"
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in chain):
        return "certificado"
    if any(isinstance(one, ssl.SSLError) for one in chain):
        return "tls"
    if any(isinstance(one, ConnectionRefusedError) for one in chain):
        return "recusada"
    if isinstance(error, httpx.ProxyError) or any(os.environ.get(n) for n in PROXY_VARIABLES):
        return "proxy"
    if any(isinstance(one, socket.gaierror) for one in chain):
        return "dns"
    unroutable = (errno.ENETUNREACH, errno.EHOSTUNREACH)
    if any(isinstance(one, OSError) and one.errno in unroutable for one in chain):
        return "rede"
    return "sem_resposta"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
