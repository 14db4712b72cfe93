"""Rules are imported without starting the CDK."""

from __future__ import annotations

import subprocess
import sys

from tests.support import ROOT

ALL_RULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "constructs_lib" / "rules").rglob("*.py")
    if path.stem != "__init__"
)


def loaded_after(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after some code."""
    show = "; import sys; print(' '.join(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code + show], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


def test_importing_every_rule_starts_no_jsii() -> None:
    loaded = loaded_after(f"import {', '.join(ALL_RULES)}")
    assert not {"jsii", "aws_cdk", "constructs"} & loaded


def test_a_rule_named_at_the_top_starts_no_jsii() -> None:
    assert "jsii" not in loaded_after("from constructs_lib import Access, LifecyclePolicy")


def test_a_construct_named_at_the_top_is_found() -> None:
    assert "aws_cdk.aws_ecr" in loaded_after("from constructs_lib import PrivateRepository")
