"""YAML is read within the same bounds, whichever loader reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from omie_pipeline.yaml_text import FAST_LOADER, MOST_NESTED, load_yaml

if TYPE_CHECKING:
    from omie_pipeline.yaml_text import Loader

BOMB = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 6)
)


@pytest.mark.parametrize("loader", [yaml.SafeLoader, FAST_LOADER])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &a [*a]", "contém a si mesmo"),
        ("[" * (MOST_NESTED + 1) + "]" * (MOST_NESTED + 1), "níveis"),
        (BOMB, "valores"),
    ],
)
def test_no_file_hangs_or_breaks_the_program(loader: Loader, text: str, words: str) -> None:
    with pytest.raises(yaml.YAMLError, match=words):
        load_yaml(text, loader)


@pytest.mark.parametrize("loader", [yaml.SafeLoader, FAST_LOADER])
def test_both_loaders_read_the_same(loader: Loader) -> None:
    text = "a: &a [1, yes, 'ç', 2026-01-05]\nb: *a\nc: 01\n"
    assert load_yaml(text, loader) == yaml.safe_load(text)
