"""The JSON of every command that reports, and the reason of each command that has none."""

from collections.abc import Mapping

from pydantic import BaseModel

from ecrctl.images.report.document import ReportDocument
from ecrctl.images.scanning.output.json import ScanDocument
from ecrctl.local.json_document import LocalDocument
from ecrctl.review.output.json import ReviewDocument
from ecrctl.verify.json_document import VerificationDocument

from . import documents

SHAPES: Mapping[str, type[BaseModel]] = {
    "local": LocalDocument,
    "check": documents.CheckDocument,
    "list": documents.ListDocument,
    "import": documents.ImportDocument,
    "push": documents.PushDocument,
    "pull": documents.PulledDocument,
    "base-image": documents.BaseImageDocument,
    "dockerfile-check": documents.DockerfileCheckDocument,
    "scan": ScanDocument,
    "pin": documents.PinDocument,
    "unpin": documents.UnpinDocument,
    "promote": documents.PromoteDocument,
    "manifests": documents.ManifestsDocument,
    "review": ReviewDocument,
    "verify": VerificationDocument,
    "access": documents.AccessDocument,
    "lifecycle": documents.LifecycleDocument,
    "report": ReportDocument,
}
# A command that reports has a shape.
WITHOUT_JSON: Mapping[str, str] = {
    "init": "writes one file",
    "login": "runs another tool, or writes one file",
    "deployed": "writes one folder",
}
