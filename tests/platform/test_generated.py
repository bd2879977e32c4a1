"""What is committed is what the declarations say."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.generate.files import ROOT, generated_files


@pytest.mark.parametrize("path", list(generated_files()), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_generated_file_is_what_make_generate_writes(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == generated_files()[path], "run: make generate"
