#!/usr/bin/env bash
# Sets .venv up from requirements.lock. Called by make; safe to call again, also after an abort.
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=.venv
LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT

say() { printf '%s\n' "$*"; }

# Runs a long command with one dot a few seconds, and shows its output only when it fails.
quietly() {
    "$@" >"$LOG" 2>&1 </dev/null &
    local job=$!
    while kill -0 "$job" 2>/dev/null; do
        sleep 0.2
        ticks=$(( ${ticks:-0} + 1 ))
        if (( ticks % 15 == 0 )); then printf '.'; fi
    done
    if (( ${ticks:-0} >= 15 )); then printf '\n'; fi
    ticks=0
    if ! wait "$job"; then
        tail -n 40 "$LOG" >&2
        return 1
    fi
}

fits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null
}

find_python() {
    local name
    for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3 python; do
        if command -v "$name" >/dev/null 2>&1 && fits "$name"; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Debian splits venv from Python; its package is called after the exact version.
install_venv_module() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null || return 1
    local version
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get update || return 1
    quietly as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "python$version-venv" \
        || quietly as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends python3-venv
}

make_venv() {
    "$1" -m venv --clear "$VENV" >"$LOG" 2>&1 && return 0
    say "      (instalando o módulo venv / installing the venv module)"
    install_venv_module "$1" && "$1" -m venv --clear "$VENV" >"$LOG" 2>&1 && return 0
    rm -rf "$VENV"
    cat >&2 <<'TEXT'

Não foi possível criar o ambiente Python: falta o módulo venv. Digite:
    sudo apt-get update && sudo apt-get install -y python3-venv
e repita o comando.

The Python environment could not be made: the venv module is missing. Type:
    sudo apt-get update && sudo apt-get install -y python3-venv
and repeat the command.
TEXT
    return 1
}

if ! python=$(find_python); then
    cat >&2 <<'TEXT'
É preciso Python 3.11, 3.12 ou 3.13. No Debian 12: sudo apt-get install -y python3 python3-venv
Python 3.11, 3.12 or 3.13 is needed. On Debian 12: sudo apt-get install -y python3 python3-venv
TEXT
    exit 1
fi

say "[1/4] Ambiente Python em $VENV / Python environment ($("$python" -V 2>&1))"
if ! { [ -x "$VENV/bin/python" ] && fits "$VENV/bin/python" && "$VENV/bin/python" -m pip -V >/dev/null 2>&1; }; then
    make_venv "$python"
fi

pip=("$VENV/bin/python" -m pip --disable-pip-version-check --no-input)

say "[2/4] Dependências de requirements.lock / locked dependencies (alguns minutos / some minutes)"
quietly "${pip[@]}" install --require-hashes --no-deps --requirement requirements.lock

say "[3/4] O próprio pacote / the package itself"
quietly "${pip[@]}" install --no-deps --no-build-isolation --editable .

say "[4/4] Manifesto do dbt / dbt manifest"
# For the chosen staging set and the demo's; kept in the state folder, parsed anew when files change.
# A wrong .env must not stop the set-up: the first command that needs it says what is wrong.
manifests='
from omie_pipeline.cli.sandbox import demo_home, demo_models
from omie_pipeline.resources.dbt import ensure_manifest
from omie_pipeline.config.settings import load_settings
settings = load_settings()
ensure_manifest(settings)
ensure_manifest(settings.model_copy(update={"staging": "synthea", "home": demo_home(), "models": demo_models()}))
'
if ! quietly "$VENV/bin/python" -c "$manifests"; then
    say "      (fica para depois / left for later)"
fi
