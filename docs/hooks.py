"""The parts of the site that are not files under ``docs/``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
# The project is not installed; MkDocs adds this file's folder.
sys.path.append(str(ROOT))

from generated import commands, environment_file, json_output

# Files in the project's folder that are pages of the site too.
SHOWN = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
GENERATED = {
    "reference/environment-file.md": environment_file.page,
    "reference/commands.md": commands.page,
    "reference/json-output.md": json_output.page,
}
# The worker in which a page without a server searches; the theme would load it from another site.
WORKER = ROOT / "node_modules" / "iframe-worker" / "shim" / "index.js"
# The start page has a line of this form for each section that it shows of the README.
_SECTION = re.compile(r"^<!-- README: (.+) -->$", re.MULTILINE)
_DEFINITION = re.compile(r"^\[\w+\]: .+\n", re.MULTILINE)
# A link of a file in the project's folder, within brackets or as a definition.
_LINK = re.compile(r"(\]\(|^\[\w+\]: )(docs/|CHANGELOG\.md|CONTRIBUTING\.md)", re.MULTILINE)
_README = re.compile(r"(?<=\]\()((?:\.\./)*)\.\./README\.md#")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages, and the worker of the search."""
    for name, page in SHOWN.items():
        text = _of_the_site((ROOT / name).read_text(encoding="utf-8"))
        files.append(File.generated(config, page, content=text))
    for page, made in GENERATED.items():
        files.append(File.generated(config, page, content=made()))
    worker = "assets/javascripts/iframe-worker.js"
    files.append(File.generated(config, worker, abs_src_path=str(WORKER)))
    return files


def on_page_markdown(
    markdown: str, *, page: Page, config: MkDocsConfig, files: Files
) -> str:  # MkDocs passes them by these names
    """Return a page with the sections of the README that it shows, and links to them."""
    del config, files
    # A picture's text is found on the page that shows the picture.
    if page.file.src_uri.startswith("images/"):
        page.meta["search"] = {"exclude": True}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = _SECTION.sub(lambda found: readme_section(readme, found[1]), markdown)
    if shown != markdown:
        shown += "\n" + _of_the_site("".join(_DEFINITION.findall(readme)))
    return _README.sub(r"\1index.md#", shown)


def readme_section(readme: str, heading: str) -> str:
    """Return a section of the README, with its heading and its subsections.

    :raises ValueError: if no section has the heading.
    """
    found = re.search(rf"^(#+) {re.escape(heading)}\n", readme, re.MULTILINE)
    if found is None:
        message = f"README.md has no section '{heading}'. Change the start page, docs/index.md."
        raise ValueError(message)
    end = re.compile(rf"^#{{1,{len(found[1])}}} ", re.MULTILINE).search(readme, found.end())
    section = readme[found.start() : end.start() if end else None]
    return _of_the_site(_DEFINITION.sub("", section))


def _of_the_site(text: str) -> str:
    """Return text of the project's folder, with links as a page at the site's top has them."""
    return _LINK.sub(lambda found: found[1] + SHOWN.get(found[2], ""), text)
