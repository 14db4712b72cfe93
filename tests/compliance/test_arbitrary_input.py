"""Arbitrary input of the rules: the result is a valid document or a sentence of the rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from constructs_lib import (
    Access,
    LifecyclePolicy,
    LifecycleRule,
    PrivateRepository,
    TagImmutability,
)
from constructs_lib.rules.ecr.images import repository_name_faults
from constructs_lib.rules.faults import RuleError
from tests.compliance.test_cfn_lint import findings
from tests.support import stack_in, template_of

Fields = dict[str, Any]
Values = st.SearchStrategy[Any]

ROLE = "arn:aws:iam::111111111111:role/ci"
ANYTHING: Values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
TEXT = st.text(alphabet="aZ09./-_*:$é ", max_size=20)


@st.composite
def nearly(
    draw: st.DrawFn, valid: st.SearchStrategy[Fields], otherwise: Values | None = None
) -> Fields:
    """Return valid fields, or, one time in four, fields of which one is different.

    :param otherwise: values of the different field; others of the same type by default.
    """
    fields = dict(draw(valid))
    if fields and draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(sorted(fields)))
        fields[name] = draw(_another(fields[name]) if otherwise is None else otherwise)
    return fields


def _another(value: Any) -> Values:
    """Return values of the type of a value: mypy and the files' model refuse other types."""
    if isinstance(value, int):
        return st.integers(-2, 40_000)
    words = TEXT | st.sampled_from(["any", "tagged", "expire", "transition", "standard", "a*" * 5])
    return some(words) if isinstance(value, tuple) else words


def one(*values: Any) -> Values:
    """Return a strategy of some values."""
    return st.sampled_from(values)


def some(values: Values, most: int = 3) -> Values:
    """Return a strategy of tuples of a few values."""
    return st.lists(values, max_size=most, unique=True).map(tuple)


NAMES = st.one_of(one("team/api", "api", "a" * 256), one("a-b_c.d/e", "b2/c3"), TEXT)
IMMUTABILITY = st.one_of(
    st.fixed_dictionaries({"mode": one("IMMUTABLE", "MUTABLE"), "exclusion_filters": st.just(())}),
    st.fixed_dictionaries(
        {
            "mode": one("IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"),
            "exclusion_filters": some(one("dev-*", "*", "v1.0", "a*b*", "x" * 128), most=6),
        }
    ),
    st.fixed_dictionaries({"mode": TEXT, "exclusion_filters": some(TEXT)}),
)
RULES: tuple[Fields, ...] = (
    {"tag_status": "tagged", "tag_patterns": ("live-*",), "count_type": "imageCountMoreThan"},
    {"tag_status": "tagged", "tag_prefixes": ("v", "rc"), "count_type": "imageCountMoreThan"},
    {"tag_status": "tagged", "tag_patterns": ("*-rc", "v*"), "count_type": "sinceImagePushed"},
    {"tag_status": "untagged", "count_type": "sinceImagePushed"},
    {"tag_status": "any", "count_type": "sinceImagePulled", "action": "transition"},
    {"tag_status": "any", "count_type": "imageCountMoreThan", "description": "the rest"},
    {"storage_class": "archive", "count_type": "sinceImageTransitioned", "tag_status": "any"},
    {"storage_class": "archive", "count_type": "sinceImageTransitioned", "tag_status": "untagged"},
)
LIFECYCLES = st.fixed_dictionaries(
    {
        "rules": some(st.sampled_from(range(len(RULES))), most=5).flatmap(
            lambda chosen: st.tuples(
                *(
                    nearly(
                        st.fixed_dictionaries(
                            {"count_number": st.integers(90, 400)}
                            | {key: st.just(value) for key, value in RULES[index].items()}
                        ),
                    )
                    for index in sorted(chosen)
                )
            )
        ),
        "allow_touching_live_images": st.sampled_from([True, True, False]),
    }
)
STATEMENTS = nearly(
    st.fixed_dictionaries(
        {
            "Effect": one("Allow", "Deny"),
            "Principal": one(
                "*",
                {"AWS": ROLE},
                {"AWS": ["111111111111", "arn:aws-cn:iam::222222222222:root"]},
                {"Service": "lambda.amazonaws.com"},
            ),
            "Action": one("ecr:*", "ecr:BatchGetImage", ["ecr:PutImage", "ecr:Describe*"]),
            "Condition": one(
                {},
                {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
                {"ArnLike": {"aws:SourceArn": ["arn:aws:lambda:us-west-2:111111111111:x:*"]}},
                {"Null": {"aws:PrincipalArn": True}},
                {"NumericLessThan": {"aws:MultiFactorAuthAge": 300}},
            ),
        },
        optional={"Sid": one("A", "B", "new statement")},
    ),
    ANYTHING
    | st.dictionaries(one("AWS", "Service", "Federated"), ANYTHING, max_size=2)
    | st.dictionaries(
        one("StringLike", "Bool", "ForAnyValue:StringLike", "Null", "DateLessThan"),
        st.dictionaries(one("aws:username"), ANYTHING, max_size=1),
        max_size=1,
    ),
)
ACCESS = nearly(
    st.fixed_dictionaries(
        {},
        optional={
            "accounts": some(one("111111111111", "222222222222")),
            "role_arns": some(one(ROLE, "arn:aws:iam::222222222222:role/a/b")),
            "user_arns": some(one(ROLE.replace(":role/", ":user/"), ROLE)),
            "session_arns": some(st.just("arn:aws:sts::111111111111:assumed-role/deploy/alice")),
            "organization_id": st.just("o-a1b2c3d4e5"),
            "organization_ids": some(one("o-a1b2c3d4e5", "o-zzzzzzzzzz")),
            "organization_paths": some(st.just("o-a1b2c3d4e5/r-ab12/*")),
            "lambda_accounts": some(one("111111111111", "222222222222")),
            "lambda_function_arns": some(
                st.just("arn:aws:lambda:us-west-2:222222222222:function:resize")
            ),
            "codebuild_project_arns": some(
                st.just("arn:aws:codebuild:eu-west-1:111111111111:project/build")
            ),
        },
    ),
)
GOOD_NAME = st.just("team/api")
# One thing at a time: together, nearly everything would be refused for something.
REPOSITORIES = st.one_of(
    st.fixed_dictionaries({"name": NAMES}),
    st.fixed_dictionaries({"name": GOOD_NAME, "immutability": IMMUTABILITY}),
    st.fixed_dictionaries({"name": GOOD_NAME, "lifecycle": LIFECYCLES}),
    st.fixed_dictionaries(
        {"name": GOOD_NAME, "statements": st.lists(STATEMENTS, min_size=1, max_size=2)}
    ),
    st.fixed_dictionaries({"name": GOOD_NAME, "pull": ACCESS, "push": ACCESS}),
    st.fixed_dictionaries(
        {"name": GOOD_NAME, "tags": st.dictionaries(one("owner", "team") | TEXT, TEXT, max_size=3)}
    ),
)


def make(stack: cdk.Stack, number: int, given_fields: Fields) -> None:
    """Define a repository of fields, or raise the faults of invalid ones."""
    fields = dict(given_fields)
    options: Fields = {}
    if "immutability" in fields:
        options["tag_immutability"] = TagImmutability(**fields["immutability"])
    if "lifecycle" in fields:
        lifecycle = fields["lifecycle"]
        rules = tuple(LifecycleRule(**rule) for rule in lifecycle["rules"])
        options["lifecycle"] = LifecyclePolicy(
            rules, allow_touching_live_images=lifecycle["allow_touching_live_images"]
        )
    if "statements" in fields:
        options["statements"] = fields["statements"]
    for verb in ("pull", "push"):
        if verb in fields:
            options[verb] = Access(**fields[verb])
    if "tags" in fields:
        options["tags"] = fields["tags"]
    # One stack cannot have two repositories of one name.
    name = fields["name"]
    unique = name if repository_name_faults(name) else f"{name[:240]}-x{number}"
    PrivateRepository(stack, f"Repository{number}", repository_name=unique, **options)


@settings(
    max_examples=12,
    deadline=None,
    # A template takes a second to judge: a smaller one that fails too is not worth the wait.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(REPOSITORIES, min_size=15, max_size=40))
def test_a_valid_document_comes_out_or_a_sentence(
    tmp_path_factory: Any, candidates: list[Fields]
) -> None:
    stack = stack_in()
    accepted = 0
    for number, fields in enumerate(candidates):
        try:
            make(stack, number, fields)
            accepted += 1
        except RuleError as refusal:
            assert all(fault.message.endswith(".") for fault in refusal.faults), str(refusal)
    if accepted:
        # The synth compares every template with CloudFormation's own schemas, and raises.
        template = template_of(stack)
        file: Path = tmp_path_factory.mktemp("arbitrary") / "template.json"
        # In UTF-8, as the CDK writes it; cfn-lint does not read the escapes of half characters.
        file.write_text(json.dumps(template, ensure_ascii=False), encoding="utf-8")
        assert findings(file) == []
