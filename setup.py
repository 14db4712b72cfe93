"""The description of the package: the README, whose links also work outside of the repository."""

import re
import tomllib
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT["urls"]["Source"]
VERSION = f"v{PROJECT['version']}"

_IMAGE = re.compile(r"(!\[[^\]]*\]\()(?!\w+:)([^)#\s]+)(?=\))")
_LINK = re.compile(r"((?<!!)\[[^\]]*\]\(|^\[[^\]]+\]: )(?!\w+:)([^)#\s]+)", re.MULTILINE)


def with_absolute_links(text: str) -> str:
    """Return Markdown whose links to files of the repository name the release of this version."""
    text = _IMAGE.sub(rf"\g<1>{REPOSITORY}/raw/{VERSION}/\g<2>", text)
    return _LINK.sub(rf"\g<1>{REPOSITORY}/blob/{VERSION}/\g<2>", text)


setup(
    long_description=with_absolute_links((ROOT / "README.md").read_text(encoding="utf-8")),
    long_description_content_type="text/markdown",
)
