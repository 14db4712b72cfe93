"""Rules about Kubernetes objects that deliver workloads from elsewhere, such as Argo CD and Flux.

Sources: Argo CD, "Application Specification"; Flux, "Source and Kustomize Controller"; Fleet,
"GitRepo Resource"; K3s, "Helm Controller"; Carvel, "App CR spec"; Crossplane, "Packages".
"""

from collections.abc import Iterator, Mapping

from ecrctl.policies.wording import first_few, listed
from ecrctl.review.diff.comparison import Comparison
from ecrctl.review.diff.kubernetes_objects import (
    KubernetesObject,
    name_of,
    object_changes,
    spec_of,
)
from ecrctl.review.diff.value_diff import differing_values
from ecrctl.review.findings import Category, Finding
from ecrctl.review.rules.rule import about, rule

_MOST_SHOWN = 4
# The kinds that deliver others, by the end of their API group; an empty tuple is every kind.
_DELIVERING: Mapping[str, tuple[str, ...]] = {
    "argoproj.io": ("Application", "ApplicationSet", "AppProject"),
    "toolkit.fluxcd.io": (),
    "fleet.cattle.io": ("Bundle", "GitRepo", "HelmOp"),
    "helm.cattle.io": ("HelmChart", "HelmChartConfig"),
    "kappctrl.k14s.io": (),
    "packaging.carvel.dev": (),
    "pkg.crossplane.io": (),
}
# How often, and how, the same source is delivered; and what is only shown.
_WITHOUT_EFFECT = frozenset(
    {"ignoreDifferences", "info", "interval", "retryInterval", "revisionHistoryLimit", "timeout"}
)


@rule(Category.IMAGES)
def delivery_changed(comparison: Comparison) -> Iterator[Finding]:
    """An object such as an Argo CD Application delivers workloads from another source."""
    for change, before, after in object_changes(comparison):
        if after is None or not delivers(after):
            continue
        old, new = (_source(one) if one else {} for one in (before, after))
        paths = [path for path, *_ in differing_values(old, new)]
        if paths:
            names = listed(first_few([f"`{one}`" for one in dict.fromkeys(paths)], _MOST_SHOWN))
            verb = "changes" if before else "adds"
            yield about(
                change,
                f"{verb} the {after.get('kind')} `{name_of(after)}` ({names}): which images it "
                "runs, and what it deletes, is decided where it reads from",
                detail=[before, after],
                is_undecided=True,
            )


def delivers(document: KubernetesObject) -> bool:
    """Return whether an object delivers others."""
    group = str(document.get("apiVersion", "")).partition("/")[0]
    for suffix, kinds in _DELIVERING.items():
        if group == suffix or group.endswith(f".{suffix}"):
            return not kinds or document.get("kind") in kinds
    return False


def _source(document: KubernetesObject) -> KubernetesObject:
    return {name: one for name, one in spec_of(document).items() if name not in _WITHOUT_EFFECT}
