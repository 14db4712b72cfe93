"""An account of moto, and commands in it."""

from __future__ import annotations

from tests.ecrctl.images.report.conftest import promotions, run
from tests.ecrctl.images.scanning.conftest import folder, moto_aws

__all__ = ["folder", "moto_aws", "promotions", "run"]  # the fixtures are found by their names
