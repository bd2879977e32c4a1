"""What every asset says of itself beside its description: who owns it and which way it goes.

Dagster's catalog filters by these. The descriptions are English, as the code is; what staff read
(the pages of ``situacao`` and ``nfse``, checks, metadata, comments in the database) is Portuguese.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from omie_pipeline.assets.run_tags import DIRECTION_TAG

OWNERS = ("team:omie_pipeline",)
"""As Dagster spells a team."""

TO_OMIE: Mapping[str, str] = MappingProxyType({DIRECTION_TAG: "to_omie"})
FROM_OMIE: Mapping[str, str] = MappingProxyType({DIRECTION_TAG: "from_omie"})
BOTH_WAYS: Mapping[str, str] = MappingProxyType({DIRECTION_TAG: "both"})
"""What sets the two ways side by side: the reconciliation, the status, the bookkeeping."""
