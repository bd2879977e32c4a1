"""The checks of the clientes suite as plain vectorised pandas, written to be fast, not reported on.

The yardstick of ``bench_validation``: same rows in, the failing rows and the rules they break out.
It knows nothing of the catalog, counts nothing by expectation and has no texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd

from omie_pipeline.catalog import reference
from omie_pipeline.validation import CandidateRow
from omie_pipeline.validation.addresses import plain_name
from omie_pipeline.validation.values import BAD_LINE, BAD_TEXT

LENGTHS = {
    "codigo_cliente_integracao": 60,
    "razao_social": 60,
    "cnpj_cpf": 20,
    "nome_fantasia": 100,
    "telefone1_ddd": 5,
    "telefone1_numero": 15,
    "endereco": 60,
    "endereco_numero": 60,
    "bairro": 60,
    "complemento": 60,
    "estado": 2,
    "cidade": 40,
    "cep": 10,
    "codigo_pais": 4,
    "email": 500,
    "cidade_ibge": 7,
}
REQUIRED = (
    "codigo_cliente_integracao",
    "razao_social",
    "cnpj_cpf",
    "endereco",
    "endereco_numero",
    "bairro",
    "cidade",
    "estado",
    "cep",
)


class PlainChecks:
    """Tables looked up by every chunk, made once."""

    def __init__(self) -> None:
        self.cities = {f"{plain_name(m.nome)} ({m.uf})" for m in reference.municipios()}
        self.ufs = list(reference.estados())
        self.ranges = reference.cep_faixas_por_uf()

    def failing(self, rows: Sequence[CandidateRow]) -> dict[int, set[str]]:
        """Rules broken, by row number."""
        frame = pd.DataFrame.from_records([row.payload for row in rows])
        frame.index = pd.Index([row.row for row in rows])
        extra = pd.DataFrame.from_records([row.extra for row in rows], index=frame.index)
        broken: defaultdict[int, set[str]] = defaultdict(set)

        def tell(rule: str, bad: pd.Series[bool]) -> None:
            for row in frame.index[bad.to_numpy(dtype=bool)]:
                broken[int(row)].add(rule)

        for name, length in LENGTHS.items():
            column = frame[name] = frame[name].astype("str")
            column = frame[name] = column.where(column.str.strip(" ") != "")
            tell(f"{name}.tamanho", column.str.len() > length)
            tell(f"{name}.caracteres", column.str.contains(BAD_LINE, na=False))
        tell("observacao.caracteres", frame["observacao"].str.contains(BAD_TEXT, na=False))
        tell("inativo.valor", frame["inativo"].notna() & ~frame["inativo"].isin(["S", "N"]))
        for name in REQUIRED:
            tell(f"{name}.obrigatorio", frame[name].isna())
        key = "codigo_cliente_integracao"
        tell(f"{key}.repetida", frame[key].duplicated(keep=False) & frame[key].notna())
        tell("cnpj_cpf.documento", frame["cnpj_cpf"].notna() & ~_documents(frame["cnpj_cpf"]))
        patients = (extra["_tipo"] == "paciente") & (
            frame["cnpj_cpf"].str.replace(r"[.\-/ ]", "", regex=True).str.len() != 14
        )
        for name, pattern in (("_rg", "[0-9]"), ("_rg_orgao_emissor", "[A-Za-z]{2}")):
            tell(name, patients & ~extra[name].str.contains(pattern, na=False))
        self._address(frame, tell)
        for name in ("tags", "caracteristicas"):
            for row in _nested(frame[name]):
                broken[row].add(name)
        return broken

    def _address(self, frame: pd.DataFrame, tell: object) -> None:
        assert callable(tell)
        city = frame["cidade"].str.upper()
        tell("cidade", city.notna() & ~city.isin(self.cities))
        tell("estado", frame["estado"].notna() & ~frame["estado"].isin(self.ufs))
        shaped = frame["cep"].str.match(r"^[0-9]{2}\.?[0-9]{3}-?[0-9]{3}$")
        tell("cep", frame["cep"].notna() & ~shaped.fillna(False).astype(bool))
        digits = frame["cep"].str.replace(r"[.\-]", "", regex=True)
        numbers = pd.to_numeric(digits, errors="coerce")
        inside = numbers.isna()
        for uf, items in self.ranges.items():
            for item in items:
                between = numbers.between(item.cep_inicial, item.cep_final)
                inside |= (frame["estado"] == uf) & between
        tell("cep.uf", ~inside)


def _documents(column: pd.Series[str]) -> pd.Series[bool]:
    bare = column.str.replace(r"[.\-/ ]", "", regex=True).str.upper()
    return _digits(bare, range(10, 1, -1), 11) | _digits(
        bare, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2], 14
    )


def _digits(bare: pd.Series[str], weights: Sequence[int], length: int) -> pd.Series[bool]:
    fits = (bare.str.len() == length).fillna(False).astype(bool) & bare.str.isalnum().fillna(False)
    chosen = bare[fits]
    valid = pd.Series(False, index=bare.index)
    if chosen.empty:
        return valid
    text = np.frombuffer("".join(chosen).encode("latin-1", "replace"), dtype=np.uint8)
    numbers = text.reshape(-1, length).astype(np.int64) - 48
    first = _check_digit(numbers[:, : length - 2], np.array(list(weights)))
    longer = np.array([weights[0] + 1 if length == 11 else 6, *weights])
    second = _check_digit(numbers[:, : length - 1], longer)
    repeated = (numbers == numbers[:, :1]).all(axis=1)
    right = (first == numbers[:, -2]) & (second == numbers[:, -1]) & ~repeated
    valid.loc[chosen.index] = right
    return valid


def _check_digit(numbers: np.ndarray, weights: np.ndarray) -> np.ndarray:
    rest = (numbers * weights).sum(axis=1) % 11
    return np.where(rest < 2, 0, 11 - rest)


def _nested(column: pd.Series) -> set[int]:
    items = column.explode().dropna()
    if items.empty:
        return set()
    table = pd.DataFrame.from_records(list(items), index=items.index)
    bad = pd.Series(False, index=table.index)
    for name, length in (("tag", None), ("campo", 30), ("conteudo", 60)):
        if name in table:
            text = table[name].astype("str")
            bad |= text.str.contains(BAD_LINE, na=False).astype(bool)
            if length is not None:
                bad |= ((text.str.len() > length) | text.isna()).astype(bool)
    return set(map(int, table.index[bad.to_numpy()]))
