"""Rules that a team sets itself: forbidden access, and the policies that its app checks."""

from collections.abc import Iterator

from ecrctl.review.diff.comparison import Comparison
from ecrctl.review.findings import REVIEW_FILE, Category, Finding, canonical_json
from ecrctl.review.team_rules.breach import Breach
from ecrctl.review.team_rules.forbidden_access import breaches_of
from ecrctl.review.team_rules.gates import environment_names
from ecrctl.review.team_rules.violations import Violation, new_violations

from .rule import rule


@rule(Category.ACCESS_GAINED)
def forbidden_access(comparison: Comparison) -> Iterator[Finding]:
    """A principal gets access that a rule in `review.yaml` forbids, or may get it."""
    rules = comparison.forbidden_access
    names = environment_names(comparison.base, comparison.head)
    before = {one.key for one in breaches_of(comparison.base, rules, names)}
    for one in breaches_of(comparison.head, rules, names):
        is_new = one.key not in before
        if is_new or one.rule.existing:
            yield _forbidden(one, is_new=is_new)


def _forbidden(one: Breach, *, is_new: bool) -> Finding:
    access = one.access if is_new else f"{one.access}, as before this change"
    sentence = one.rule.rule.strip(" .")
    message = f"{access}, against `{REVIEW_FILE}`: {sentence}"
    if one.doubt:
        message = f"{access}, which `{REVIEW_FILE}` may forbid ({sentence}): {one.doubt}"
    return Finding(
        environment=one.environment,
        stack=one.stack,
        subject=one.repository,
        message=message,
        key=canonical_json([one.rule.rule, one.arn]),
        evidence=canonical_json([one.evidence, one.doubt]),
        is_undecided=bool(one.doubt),
        places=one.places,
    )


@rule(Category.PROTECTION_LOST)
def policy_violation(comparison: Comparison) -> Iterator[Finding]:
    """A construct breaks a rule of the team that the app checks itself, such as one of Guard."""
    stacks = {one.file.name: one for one in comparison.head if one.file.name}
    for one in new_violations(*comparison.violations):
        stack = stacks.get(one.template)
        yield Finding(
            environment=stack.environment if stack else one.construct.partition("/")[0],
            stack=stack.name if stack else one.construct.rpartition("/")[0],
            subject=f"construct {one.construct}",
            message=_violation_text(one),
            key=canonical_json(one.key),
            evidence=canonical_json([one.description, one.is_suppressed]),
        )


def _violation_text(one: Violation) -> str:
    accepted = "; the app itself suppresses the rule" if one.is_suppressed else ""
    return f"violates `{one.rule}` of {one.plugin}: {one.description.strip(' .')}{accepted}"
