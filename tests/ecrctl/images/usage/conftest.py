"""An account of moto, and commands in it."""

from __future__ import annotations

from tests.ecrctl.images.report.conftest import run
from tests.ecrctl.images.scanning.conftest import folder, moto_aws

__all__ = ["folder", "moto_aws", "run"]  # the fixtures are found by their names
