"""A report as JSON, and its schema."""

import json
from pathlib import Path

from ecrctl.images.report.document import ReportDocument

SCHEMA = Path(__file__).with_name("report.schema.json")


def as_json(report: ReportDocument) -> str:
    """Return a report as JSON."""
    # ASCII alone: an escaped character can neither be hidden nor be half of one.
    return json.dumps(report.model_dump(mode="json"), indent=2)


def schema() -> str:
    """Return the JSON Schema of the document."""
    document = ReportDocument.model_json_schema(mode="serialization")
    return json.dumps(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}, indent=2
    )


if __name__ == "__main__":
    SCHEMA.write_text(schema() + "\n", encoding="utf-8")
