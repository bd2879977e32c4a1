"""The deployment as a Dagster resource. It has no fields: a field would show in the UI."""

from __future__ import annotations

from functools import cached_property

import dagster as dg

from omie_pipeline.app.deployment import Deployment


class DeploymentResource(dg.ConfigurableResource[Deployment]):
    """Settings, warehouse, clinic and Omie; everything comes from the environment."""

    @cached_property
    def _deployment(self) -> Deployment:
        return Deployment()

    def open(self) -> Deployment:
        """The deployment of this process, opened on first use.

        Raises:
            ConfigurationError: a setting is missing or wrong.
        """
        return self._deployment
