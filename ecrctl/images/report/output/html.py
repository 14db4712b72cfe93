"""A report as one page of HTML, which needs no other file, no script and no network.

Every value is escaped by the template, and shown without characters that a browser acts on.
"""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ecrctl.images.report.document import ReportDocument
from ecrctl.visible import visible

from . import wording
from .charts import charts_of

_TEMPLATE = "page.html.jinja"


def page_of(report: ReportDocument) -> str:
    """Return a report as a page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.get_template(_TEMPLATE)
    return template.render(report=report, charts=charts_of(report), words=wording)


def _shown(value: Any) -> Any:
    # What the template itself has made is safe, and must not be escaped again.
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
