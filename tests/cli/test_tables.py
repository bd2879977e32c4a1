"""Tables as they are read without a terminal, and what is said of rows in them."""

from __future__ import annotations

import pytest

from omie_pipeline.cli.history import _rows
from omie_pipeline.cli.output import Column, show_table

NAME = "situacao_contratos"
LONG = f"{NAME}, contas_receber, " * 4


@pytest.mark.parametrize("width", [40, 100, 200])
def test_no_word_is_broken_without_a_terminal(
    width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "PAC-" + "9" * 60
    heads = [Column("tabela"), Column("linha"), Column("n", right=True)]
    show_table(heads, [[LONG, f"{code} {'a ' * 80}", "1.234"], ["", "x\ny", ""]], plain_width=width)
    said = capsys.readouterr().out
    assert said.count(NAME) == 4
    assert code in said
    assert "1.234" in said
    assert max(map(len, said.splitlines())) <= max(width, 99)


def test_a_table_without_a_row_has_its_heads(capsys: pytest.CaptureFixture[str]) -> None:
    show_table([Column("tabela")], [])
    assert "tabela" in capsys.readouterr().out


def test_a_row_that_was_delivered_is_told_once() -> None:
    assert _rows({"delivered": 1, "updated": 1}) == "1 entregue (alterada)"
    told = _rows({"delivered": 1200, "created": 1199, "updated": 1, "held": 3})
    assert told == "1.200 entregues (1.199 criadas, 1 alterada), 3 retidas"
    assert _rows({"read": 5, "updated": 2}) == "5 lidas, 2 alteradas"
    assert _rows({}) == "nenhuma"
