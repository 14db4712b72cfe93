"""The page of what a review knows: resource types, and the properties that protect something.

``python -m tests.ecrctl.review.knowledge`` writes the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ecrctl.cdk.toolchain import ROOT
from ecrctl.review.diff.image_properties import IMAGE_PROPERTIES
from ecrctl.review.protective_properties import (
    AMOUNTS,
    EXEMPTIONS,
    KEPT,
    KEY_NAME,
    KEY_OF_AWS,
    LEVELS,
    LIMITS,
    UNORDERED,
    Levels,
)
from ecrctl.review.removals import ENDS, ROUTINE
from ecrctl.review.resource_types import RESOURCE_TYPES, ResourceType
from ecrctl.review.rules.unknown.undecided import SETTINGS
from ecrctl.review.single_meanings import EXEMPTING
from ecrctl.review.unique_names import DEFAULTS, GLOBAL_NAMES, UNIQUE_NAMES

PAGE = ROOT / "docs" / "reference" / "what-a-review-knows.md"
_START = """\
# What a review knows

The tables that `ecrctl review` judges a change by, as they are in its code. A type in none of them
is unknown: a change of a property that looks like a policy, principal, role, image, address range,
encryption or deletion setting is `not-judged`, and so is the removal of the resource. Such a
property of a known type is `not-judged` too if no rule reads it.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([_START, *_types(), *_images(), *_levels(), *_lists(), *_settings()])


def _table(*columns: str) -> list[str]:
    return [_row(columns), _row(["---"] * len(columns))]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _types() -> Iterator[str]:
    yield "## Resource types\n"
    yield (
        "Policy is the property with a policy, and whose policy it is. Unique is what no two "
        "resources have in common: in an account and region, or in an account (global). An empty "
        "cell means that there is none.\n"
    )
    yield from _table("Type", "Shown as", "Policy", "What its removal ends", "Unique")
    names = {*RESOURCE_TYPES, *ENDS, *ROUTINE, *UNIQUE_NAMES, *GLOBAL_NAMES, *EXEMPTING}
    for name in sorted(names):
        row = RESOURCE_TYPES.get(name, ResourceType())
        yield _row(
            [
                f"`{name}`",
                _shown(row),
                _policy(row),
                _ends(name, row),
                _unique(name, row),
            ]
        )
    yield ""


def _shown(row: ResourceType) -> str:
    names = _code(filter(None, (row.name_property, row.display_property)))
    return " ".join(filter(None, (row.word, names)))


def _policy(row: ResourceType) -> str:
    found = [f"`{row.policy_property}`"] if row.policy_property else []
    found += [f"of {_with_article(row.policy_subject)}"] if row.policy_subject else []
    found += ["a resource of its own"] if row.is_separate_policy else []
    found += ["grants without a policy"] if row.grants else []
    found += ["judged by rules of its own"] if row.is_judged else []
    return "; ".join(found)


def _with_article(subject: str) -> str:
    # The display name goes on with a name, such as of the prefix that repositories are made for.
    whole = f"{subject} …" if subject.endswith(" for") else subject
    return whole if whole.startswith(("a ", "an ")) else f"the {whole}"


def _ends(name: str, row: ResourceType) -> str:
    found = [row.holds, row.protects, ENDS.get(name, ""), EXEMPTING.get(name, "")]
    return "; ".join(filter(None, [*found, "nothing (routine)" if name in ROUTINE else ""]))


def _unique(name: str, row: ResourceType) -> str:
    once = UNIQUE_NAMES.get(name, GLOBAL_NAMES.get(name, row.once))
    if once is None:
        return ""
    is_global = name in GLOBAL_NAMES or row.is_global
    defaults = [f"`{key}` is `{value}` by default" for key, value in DEFAULTS.get(name, {}).items()]
    words = _code(once) or "the resource itself"
    return "; ".join([f"{words} (global)" if is_global else words, *defaults])


def _images() -> Iterator[str]:
    yield "## Types that run images\n"
    yield from _table("Type", "Shown as", "Images", "Identities")
    for name, row in sorted(IMAGE_PROPERTIES.items()):
        yield _row([f"`{name}`", row.word, _code(row.images), _code(row.identities)])
    yield ""


def _levels() -> Iterator[str]:
    yield "## Protective properties\n"
    yield "In every type. Names are in lower case; a missing property has the default's level.\n"
    yield from _table("Property", "From the weakest to the strongest", "Default")
    for name, levels in sorted(LEVELS.items()):
        yield _row([f"`{name}`", " < ".join(map(_code, levels.values)), _default(levels)])
    yield ""


def _default(levels: Levels) -> str:
    return _code(levels.values[levels.default])


def _lists() -> Iterator[str]:
    lists: Mapping[str, Sequence[str]] = {
        "Less protects less": sorted(AMOUNTS),
        "More protects less": sorted(LIMITS),
        "More items exempt more": sorted(EXEMPTIONS),
        "Protects as long as it is there": sorted(KEPT),
        "Another value may protect less": sorted(UNORDERED),
        "Keys, as a pattern, and those of AWS": [KEY_NAME.pattern, KEY_OF_AWS.pattern],
    }
    yield from _table("Meaning", "Properties")
    for meaning, names in lists.items():
        yield _row([meaning, _code(names).replace("|", "\\|")])
    yield ""


def _settings() -> Iterator[str]:
    yield "## Settings that must be known before the deployment\n"
    yield "A value that only the deployment knows is reported as undecided, in this category.\n"
    yield from _table("Type", "Property", "Category", "Harmless value")
    for name, settings in sorted(SETTINGS.items()):
        for key, setting in sorted(settings.items()):
            yield _row([f"`{name}`", f"`{key}`", setting.category, setting.safe])


if __name__ == "__main__":
    PAGE.write_text(page() + "\n")
