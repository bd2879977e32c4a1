"""The control API over HTTP, persistence, secrets, and the command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator.clock import ManualClock, SystemClock
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from tests.local_http import NO_TLS
from tests.simulator.omie_caller import START, Api

SECRET = Simulator.app_secret


def _control(sim: Simulator, name: str, /, **body: Any) -> dict[str, Any]:
    response = httpx.post(f"{sim.control_url}{name}", json=body, verify=NO_TLS)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_seed_records_edit_settle_and_delete(sim: Simulator, api: Api) -> None:
    api.cliente()
    [omie_id] = _control(
        sim,
        "seed",
        endpoint="contas_receber",
        records=[{"codigo_lancamento_integracao": "REC-1", "valor_documento": 80.5}],
    )["ids"]
    code = {"endpoint": "contas_receber", "code": "REC-1"}
    assert _control(sim, "settle", **code, value=30.5)["codigo_baixa"] > omie_id
    _control(sim, "edit", **code, fields={"numero_documento": "7"})
    [record] = _control(sim, "records", endpoint="contas_receber")["records"]
    assert (record["numero_documento"], record["_baixas"][0]["valor"]) == ("7", 30.5)
    _control(sim, "delete", **code)
    assert _control(sim, "records", endpoint="contas_receber")["records"] == []


def test_another_company_can_be_seeded(sim: Simulator, api: Api) -> None:
    _control(sim, "seed", app_key="777", app_secret="outro-segredo", name="Filial")
    assert Api(api.http, "777", "outro-segredo").ok("ListarCategorias")["total_de_registros"] == 11
    apps = {app["app_key"]: app for app in _control(sim, "apps")["apps"]}
    assert apps["777"]["name"] == "Filial"
    assert apps["777"]["records"]["categorias"] == 11


def test_the_clock_can_be_read_set_and_moved(sim: Simulator) -> None:
    assert _control(sim, "clock")["now"] == "2026-01-05T09:00:00-03:00"
    assert _control(sim, "clock", advance=90)["now"] == "2026-01-05T09:01:30-03:00"
    assert _control(sim, "clock", set="2026-02-01T00:00:00")["now"] == "2026-02-01T00:00:00-03:00"


def test_calls_can_be_filtered_and_cleared(sim: Simulator, api: Api) -> None:
    api.cliente("A")
    api.fault("ConsultarCliente", codigo_cliente_omie=1)
    first, second = _control(sim, "calls")["calls"]
    assert first["param"]["codigo_cliente_integracao"] == "A"
    assert first["at"] == "2026-01-05T09:00:00-03:00"
    assert (second["http_status"], second["fault_code"]) == (500, "Client-105")
    failed = httpx.get(f"{sim.control_url}calls?failed=true", verify=NO_TLS).json()["calls"]
    assert [call["method"] for call in failed] == ["ConsultarCliente"]
    assert len(_control(sim, "calls", after=first["number"])["calls"]) == 1
    _control(sim, "calls", clear=True)
    assert _control(sim, "calls")["calls"] == []


def test_limits_and_behaviour_can_be_changed(sim: Simulator, api: Api) -> None:
    assert _control(sim, "limits", method_per_minute=1)["method_per_minute"] == 1
    api.ok("ListarCategorias")
    assert api.post("ListarCategorias", {}).status_code == 429
    _control(sim, "limits", forget=True)
    api.ok("ListarCategorias")
    assert _control(sim, "behaviour", latency_ms=1.5)["latency_ms"] == 1.5
    api.ok("ListarEmpresas")


def test_faults_can_be_queued_over_http(sim: Simulator, api: Api) -> None:
    plans = [{"kind": "custom", "status": 418, "body": "x", "headers": [["X-A", "b"]]}]
    _control(sim, "next_faults", faults=[{"kind": "busy"}])
    assert len(_control(sim, "next_faults", faults=plans, clear=True)["queued"]) == 1
    response = api.post("ListarEmpresas", {})
    assert (response.status_code, response.headers["X-A"]) == (418, "b")


def test_reset_and_suspend(sim: Simulator, api: Api) -> None:
    api.cliente()
    _control(sim, "suspend")
    assert api.post("ListarEmpresas", {}).status_code == 403
    _control(sim, "reset")
    assert _control(sim, "records", endpoint="clientes")["records"] == []
    _control(sim, "reset", seed_company=False)
    assert _control(sim, "apps")["apps"] == []


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("records", {"endpoint": "nada"}),
        ("records", {"endpoint": "clientes", "app_key": "0"}),
        ("delete", {"endpoint": "clientes", "code": "PAC-0"}),
        ("next_faults", {"faults": [{"kind": "nada"}]}),
        ("limits", {"nada": 1}),
        ("clock", {"set": "ontem"}),
        ("seed", {"endpoint": "clientes", "records": [1]}),
    ],
)
def test_a_wrong_order_is_http_400(sim: Simulator, name: str, body: dict[str, Any]) -> None:
    response = httpx.post(f"{sim.control_url}{name}", json=body, verify=NO_TLS)
    assert response.status_code == 400
    assert response.json()["error"]


def test_an_unknown_order_lists_the_known_ones(sim: Simulator) -> None:
    response = httpx.post(f"{sim.control_url}nada", verify=NO_TLS)
    assert response.status_code == 404
    assert "next_faults" in response.json()["error"]


def test_the_page_counts_records_and_calls(sim: Simulator, api: Api) -> None:
    api.cliente()
    sim.control.add_app("777", "outro-segredo", "<b>Filial</b>")
    page = httpx.get(sim.control_url, verify=NO_TLS).text
    assert '<td>Clínica Modelo Ltda</td><td>clientes</td><td class="n">1</td>' in page
    assert '<td>UpsertCliente</td><td class="n">1</td>' in page
    assert "/_control/next_faults" in page
    assert "<b>Filial" not in page


def test_records_are_copies(sim: Simulator, api: Api) -> None:
    api.cliente("A", tags=[{"tag": "Cliente"}])
    sim.control.records("clientes")[0]["tags"].clear()
    [record] = sim.control.records("clientes")
    assert record["tags"] == [{"tag": "Cliente"}]


def test_settling_more_than_is_open_is_refused(sim: Simulator) -> None:
    sim.control.seed(
        "contas_receber", [{"codigo_lancamento_integracao": "A", "valor_documento": 1}]
    )
    with pytest.raises(ConfigurationError, match="saldo"):
        sim.control.settle("contas_receber", "A", value=Decimal(2))


def test_the_secret_appears_nowhere(sim: Simulator, api: Api) -> None:
    api.cliente("A", razao_social=f"x {SECRET} x")
    api.post("ListarClientes", {SECRET: SECRET})
    api.http.post("geral/clientes/", content=f'{{"app_secret": "{SECRET}"'.encode())
    shown = [repr(sim), repr(sim.control), repr(sim.control.calls()), repr(sim.control.apps())]
    shown += [repr(vars(sim.control))]
    for name in ("calls", "apps", "records?endpoint=clientes", "limits", "behaviour", ""):
        shown.append(httpx.get(f"{sim.control_url}{name}", verify=NO_TLS).text)
    shown.append(str([call.param for call in sim.control.calls()]))
    assert not [text for text in shown if SECRET in text]


def test_state_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "estado" / "omie.db"

    def running() -> Any:
        return running_simulator(clock=ManualClock(START), limits=Limits.off(), state_path=path)

    with running() as sim, httpx.Client(verify=NO_TLS, base_url=sim.base_url) as http:
        api = Api(http)
        first = api.cliente("PAC-1")
        api.cliente("PAC-2")
        api.receber("REC-1", valor_documento=10.10)
        api.receber("REC-2")
        sim.control.settle("contas_receber", "REC-1", value=Decimal("3.05"))
        api.ok("ExcluirCliente", codigo_cliente_integracao="PAC-2")
        sim.control.add_app("777", "outro-segredo", "Filial", reference_lists=False)
        before = [sim.control.records(name) for name in ("clientes", "contas_receber")]
    assert path.stat().st_mode & 0o077 == 0
    assert SECRET.encode() not in path.read_bytes()
    with running() as sim, httpx.Client(verify=NO_TLS, base_url=sim.base_url) as http:
        api = Api(http)
        assert [sim.control.records(n) for n in ("clientes", "contas_receber")] == before
        assert (
            api.ok("ConsultarCliente", codigo_cliente_integracao="PAC-1")["codigo_cliente_omie"]
            == first
        )
        assert api.cliente("PAC-3") > max(r["codigo_lancamento_omie"] for r in before[1])
        assert Api(http, "777", "outro-segredo").post("ListarCategorias", {}).status_code == 200
        sim.control.reset()
    with running() as sim:
        assert sim.control.records("clientes") == ()
        assert len(sim.control.apps()) == 1


def test_a_fast_clock_runs_fast() -> None:
    clock = SystemClock(speed=1_000_000)
    first = clock.seconds()
    while clock.seconds() == first:
        pass
    clock.advance(-1000)
    assert SystemClock().now().utcoffset() == START.utcoffset()


def test_another_host_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"127\.0\.0\.1"):
        Simulator(host="0.0.0.0")


def test_the_command_refuses_a_host_and_a_taken_port(sim: Simulator) -> None:
    import typer

    from omie_pipeline.simulator.__main__ import simulator_command

    app = typer.Typer()
    app.command()(simulator_command)
    for arguments in (["--host", "0.0.0.0"], ["--port", str(sim.port)]):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 1
        assert "não pôde iniciar" in result.output


def test_the_command_announces_itself_and_stops_on_a_signal(tmp_path: Path) -> None:
    port_file, state = tmp_path / "porta", tmp_path / "estado.db"
    command = [sys.executable, "-m", "omie_pipeline.simulator", "--no-limits"]
    command += ["--port-file", str(port_file), "--state", str(state), "--speed", "20"]
    command += ["--method-per-minute", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        port = int(port_file.read_text())
        assert line == f"Simulador do Omie em http://127.0.0.1:{port}/api/v1/\n"
        with httpx.Client(verify=NO_TLS, base_url=f"http://127.0.0.1:{port}/api/v1/") as http:
            Api(http).cliente()
        limits = httpx.get(f"http://127.0.0.1:{port}/_control/limits", verify=NO_TLS).json()
        assert (limits["method_per_minute"], limits["ip_per_minute"]) == (5, None)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with running_simulator(state_path=state) as sim:
        assert sim.control.record("clientes", "PAC-1") is not None
