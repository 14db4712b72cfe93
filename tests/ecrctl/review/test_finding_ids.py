"""The ids of findings: they name a change by its values, and never by its wording."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecrctl.cdk.assemblies import stacks_of
from ecrctl.review.diff.template_diff import compare
from ecrctl.review.findings import Finding
from ecrctl.review.resource_types import RESOURCE_TYPES
from ecrctl.review.rules.rule import Rule
from ecrctl.review.rules.table import RULES, findings_of
from tests.ecrctl.review.pairs import compared_at_once, read_pair, write_assembly
from tests.ecrctl.review.picture import EXAMPLE
from tests.support import ROOT

CORPUS = ROOT / "tests" / "ecrctl" / "review" / "corpus"
# Access, resources, stacks, workloads and values beside a resource.
EXAMPLES = (
    "access-gained-by-a-role",
    "access-gained-cluster-role",
    "access-gained-group",
    "access-gained-registry",
    "access-gained",
    "exists-conditionally",
    "export-in-use",
    "image-changed",
    "key-removed",
    "replicated-to-another-account",
    "repository-moved",
    "stack-change",
    "termination-protection-off",
)


def findings(folder: Path, base: dict[str, Any], head: dict[str, Any]) -> list[Finding]:
    """Return the findings between two sides, each a mapping of stacks."""
    sides = [write_assembly(folder / name, one) for name, one in (("base", base), ("head", head))]
    return findings_of(compare(*map(stacks_of, sides)))


def example_findings(folder: Path, name: str) -> list[Finding]:
    """Return the findings of an example of the corpus."""
    base, head = read_pair(CORPUS / f"{name}.yaml").write(folder)
    return findings_of(compare(stacks_of(base), stacks_of(head)))


def ids(found: Sequence[Finding]) -> list[str]:
    """Return the ids in order."""
    return sorted(one.id for one in found)


def test_a_stack_that_moves_from_elsewhere_is_another_finding(tmp_path: Path) -> None:
    stack = {"Shop": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    found = []
    for region in ("eu-west-1", "eu-west-2"):
        base = write_assembly(tmp_path / region / "base", stack, {"Shop": {"region": region}})
        head = write_assembly(tmp_path / region / "head", stack, {"Shop": {"region": "us-east-1"}})
        found += [
            one.id
            for one in findings_of(compare(stacks_of(base), stacks_of(head)))
            if one.rule == "stack-moved"
        ]
    assert len(set(found)) == 2


def test_an_id_is_its_rule_and_32_digits(tmp_path: Path) -> None:
    for one in example_findings(tmp_path, "repository-removed"):
        assert re.fullmatch(rf"{one.rule}-[0-9a-f]{{32}}", one.id)


def test_a_reworded_sentence_keeps_its_id(tmp_path: Path) -> None:
    (finding,) = example_findings(tmp_path, "tags-mutable")
    reworded = replace(finding, message="makes its tags mutable", subject="image store team/api")
    assert reworded.id == finding.id


def test_no_wording_of_a_rule_or_a_resource_type_is_part_of_an_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = {name: read_pair(CORPUS / f"{name}.yaml").write(tmp_path / name) for name in EXAMPLES}
    with compared_at_once(written.values()):
        before = {name: findings_between(*sides) for name, sides in written.items()}
        for kind, row in RESOURCE_TYPES.items():
            renamed = replace(
                row,
                word=row.word and f"renamed {row.word}",
                policy_subject=row.policy_subject and f"renamed {row.policy_subject}",
            )
            monkeypatch.setitem(RESOURCE_TYPES, kind, renamed)
        monkeypatch.setattr("ecrctl.review.rules.table.RULES", tuple(map(_reworded, RULES)))
        after = {name: findings_between(*sides) for name, sides in written.items()}
    for name, found in after.items():
        assert {one.message for one in found if one.rule != "other-change"} <= {"is reworded"}
        assert ids(found) == ids(before[name])


def findings_between(base: Path, head: Path) -> list[Finding]:
    """Return the findings between two assemblies."""
    return findings_of(compare(stacks_of(base), stacks_of(head)))


def _reworded(rule: Rule) -> Rule:
    return replace(
        rule,
        find=lambda comparison: (
            replace(one, message="is reworded") for one in rule.find(comparison)
        ),
    )


def repository(**properties: Any) -> dict[str, Any]:
    """Return a repository with some properties."""
    given = {"RepositoryName": "team/api", **properties}
    return {"Type": "AWS::ECR::Repository", "DeletionPolicy": "Retain", "Properties": given}


def policy(*accounts: str) -> dict[str, Any]:
    """Return a repository policy that lets accounts pull."""
    actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    principal = {"AWS": list(accounts)}
    return {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": actions}]}


def _side(resource: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {"dev/Web": {"Resources": {"Api": resource}, **parts}}


IMMUTABLE = _side(repository(ImageTagMutability="IMMUTABLE"))
Sides = tuple[dict[str, Any], dict[str, Any]]


@pytest.mark.parametrize(
    ("rule", "one", "other"),
    [
        (
            "tags-mutable",
            (IMMUTABLE, _side(repository(ImageTagMutability="MUTABLE"))),
            (IMMUTABLE, _side(repository())),
        ),
        (
            "new-and-unprotected",
            ({}, _side(repository(ImageTagMutability="MUTABLE"))),
            ({}, _side(repository(ImageTagMutability="MUTABLE", EmptyOnDelete=True))),
        ),
        (
            "repository-removed",
            (_side(repository()), {"dev/Web": {"Resources": {}}}),
            (_side(repository(EmptyOnDelete=True)), {"dev/Web": {"Resources": {}}}),
        ),
        (
            "repository-removed",
            (_side(repository()), {"dev/Web": {"Resources": {}}}),
            (_side(repository()), {}),
        ),
        (
            "access-gained",
            (_side(repository()), _side(repository(RepositoryPolicyText=policy("222222222222")))),
            (_side(repository()), _side(repository(RepositoryPolicyText=policy("333333333333")))),
        ),
        (
            "exists-conditionally",
            *(
                (
                    _side({**repository(), "Condition": "C"}, Conditions={"C": "a"}),
                    _side({**repository(), "Condition": "C"}, Conditions={"C": value}),
                )
                for value in ("b", "c")
            ),
        ),
        (
            "stack-change",
            *(
                (_side(repository()), _side(repository(), Outputs={"Out": {"Value": value}}))
                for value in ("one", "two")
            ),
        ),
    ],
)  # fmt: skip
def test_another_value_has_another_id(tmp_path: Path, rule: str, one: Sides, other: Sides) -> None:
    found = [
        {finding.id for finding in findings(tmp_path / name, *sides) if finding.rule == rule}
        for name, sides in (("one", one), ("other", other))
    ]
    assert all(found)
    assert found[0].isdisjoint(found[1])


def test_no_two_findings_of_a_change_share_an_id(tmp_path: Path) -> None:
    base, head = read_pair(EXAMPLE).write(tmp_path / "example")
    found = findings_of(compare(stacks_of(base), stacks_of(head)))
    account_policy = policy("222222222222", "333333333333")
    roles = {"Roles": ["one", "two"]}
    document = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    attached = {"PolicyName": "all", **roles, "PolicyDocument": document}
    head_side = {
        "dev/Web": {
            "Api": repository(RepositoryPolicyText=account_policy),
            "Policy": {"Type": "AWS::IAM::Policy", "Properties": attached},
        }
    }
    found += findings(tmp_path / "access", {"dev/Web": {"Api": repository()}}, head_side)
    names = [one.id for one in found]
    assert len(names) == len(set(names))
    assert [one.rule for one in found].count("access-gained") >= 4


def test_a_construct_that_moves_in_the_app_keeps_its_ids(tmp_path: Path) -> None:
    def moved(path: str) -> Callable[[str], dict[str, Any]]:
        metadata = {"Metadata": {"aws:cdk:path": path}}
        return lambda mode: {
            "dev/Web": {"Api": {**repository(ImageTagMutability=mode), **metadata}}
        }

    before, after = moved("dev/Web/Api/Resource"), moved("dev/Web/Images/Api/Resource")
    one = findings(tmp_path / "one", before("IMMUTABLE"), before("MUTABLE"))
    other = findings(tmp_path / "other", before("IMMUTABLE"), after("MUTABLE"))
    assert [finding.id for finding in one] == [finding.id for finding in other]
