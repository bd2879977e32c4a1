"""What others wrote and the console ships is what their package has, with its licence."""

from __future__ import annotations

import hashlib
import json

from omie_pipeline.console.site import STATIC


def test_vendored_files_are_what_their_packages_have() -> None:
    listed = json.loads((STATIC / "VENDORED.json").read_text("utf-8"))
    for one in listed:
        digest = hashlib.sha256((STATIC / one["file"]).read_bytes()).hexdigest()
        assert digest == one["sha256"], one["file"]
        assert (STATIC / one["file"]).with_suffix(".LICENSE").is_file()
    ours = {"console.js", *(one["file"] for one in listed)}
    assert {file.name for file in STATIC.glob("*.js")} == ours
