"""The page for users of Terraform's modules: every input, and spellings that exist."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import yaml

import constructs_lib
from environments.json_schema import schemas
from tests.assemblies import Stack, stacks_of
from tests.support import ROOT, Template, synthesise

PAGE = (ROOT / "docs" / "reference" / "coming-from-terraform.md").read_text()
EXAMPLES = ROOT / "docs" / "examples"
MODULES: dict[str, Any] = yaml.safe_load(
    (ROOT / "tests" / "data" / "terraform_modules.yaml").read_text()
)
_CODE = re.compile(r"`([^`]+)`")
_CONSTRUCT = re.compile(r"(\w+)(?:\.(\w+))?(?:\((\w+)=\))?")


@dataclass(frozen=True)
class Row:
    """An input, and how to write the same here."""

    name: str
    in_file: list[str]
    in_constructs: list[str]
    note: str


def rows(module: str) -> list[Row]:
    """Return the rows of the table of a module."""
    _, _, section = PAGE.partition(f"\n## {module}\n")
    lines = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [
        Row(name.strip("`"), _CODE.findall(file), _CODE.findall(constructs), note)
        for name, file, constructs, note in cells
    ]


ROWS = [row for module in MODULES for row in rows(module)]


def paths(
    schema: Mapping[str, Any], node: Mapping[str, Any], path: str, seen: tuple[str, ...]
) -> Iterator[str]:
    """Yield the path of every key of a file, of mappings and lists as well."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from paths(schema, schema["$defs"][name], path, (*seen, name))
        return
    for keyword in ("anyOf", "oneOf", "allOf"):
        for one in node.get(keyword, ()):
            yield from paths(schema, one, path, seen)
    for name, one in node.get("properties", {}).items():
        inner = f"{path}.{name}" if path else name
        yield inner
        yield from paths(schema, one, inner, seen)
    if isinstance(node.get("items"), Mapping):
        yield from paths(schema, node["items"], f"{path}[]", seen)


def exists(spelling: str) -> bool:
    """Return whether a public name has an attribute and takes an argument, such as ``A.b(c=)``."""
    found = _CONSTRUCT.fullmatch(spelling)
    assert found is not None, spelling
    name, attribute, argument = found.groups()
    value = getattr(constructs_lib, name, None)
    value = getattr(value, attribute, None) if attribute else value
    if value is None:
        return False
    # jsii's classes hide the signature of their constructor.
    made = value.__init__ if inspect.isclass(value) else value
    return argument is None or argument in inspect.signature(made).parameters


@pytest.mark.parametrize("module", MODULES)
def test_the_table_of_a_module_names_each_of_its_inputs_once(module: str) -> None:
    assert sorted(row.name for row in rows(module)) == sorted(MODULES[module]["inputs"])
    assert re.search(rf"\[{module}/[\w-]+\]\(\S+\) {re.escape(MODULES[module]['version'])}\n", PAGE)


@cache
def known_paths() -> frozenset[str]:
    """Return the path of every key of an environment file."""
    schema = schemas()["environment.schema.json"]
    return frozenset(paths(schema, schema, "", ()))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_input_has_spellings_that_exist_or_a_note(row: Row) -> None:
    assert [one for one in row.in_file if one not in known_paths()] == []
    assert [one for one in row.in_constructs if not exists(one)] == []
    assert row.in_file or row.note


def test_a_spelling_that_does_not_exist_is_found() -> None:
    assert exists("Access(user_arns=)")
    assert not exists("Access(user_arn=)")
    assert not exists("Encryption.none")


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> list[Stack]:
    """Return the stacks of all examples."""
    return list(stacks_of(synthesise(EXAMPLES, tmp_path_factory.mktemp("examples"))))


@pytest.fixture(scope="module")
def repositories(stacks: list[Stack]) -> dict[str, list[Template]]:
    """Return the properties of the repositories of each example."""
    found: dict[str, list[Template]] = {}
    for stack in stacks:
        for resource in stack.template["Resources"].values():
            if resource["Type"] in ("AWS::ECR::Repository", "AWS::ECR::PublicRepository"):
                found.setdefault(stack.environment, []).append(resource)
    return found


def lifecycle(repository: Template) -> list[tuple[Any, ...]]:
    """Return the rules of a repository, without their descriptions."""
    text = repository["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"]
    return [
        (rule["rulePriority"], rule["selection"], rule["action"])
        for rule in json.loads(text)["rules"]
    ]


KEEP_500 = [
    (
        1,
        {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1},
        {"type": "expire"},
    ),
    (
        2,
        {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 500},
        {"type": "expire"},
    ),
]


@pytest.mark.parametrize(
    ("example", "names", "tags", "filters"),
    [
        (
            "cloudposse-complete",
            ["eg-test-ecr-test"],
            {"Name": "eg-test-ecr-test", "Namespace": "eg", "Stage": "test"},
            [],
        ),
        (
            "cloudposse-immutable",
            ["eg-test-ecr-test"],
            {"Name": "eg-test-ecr-test", "Namespace": "eg", "Stage": "test"},
            ["latest", "dev-"],
        ),
        (
            "cloudposse-multiple-repo",
            ["nginx", "redis"],
            {"Name": "eg-dev-app", "Namespace": "eg", "Stage": "dev"},
            [],
        ),
        (
            "cloudposse-replication-repo",
            ["redis"],
            {"Name": "eg-dev-app", "Namespace": "eg", "Stage": "dev"},
            [],
        ),
    ],
)
def test_an_example_of_cloudposse_has_the_repositories_of_the_module(
    repositories: dict[str, list[Template]],
    example: str,
    names: list[str],
    tags: dict[str, str],
    filters: list[str],
) -> None:
    found = repositories[example]
    assert sorted(one["Properties"]["RepositoryName"] for one in found) == names
    for one in found:
        properties = one["Properties"]
        assert "EncryptionConfiguration" not in properties  # AES-256
        assert "RepositoryPolicyText" not in properties
        assert properties["ImageScanningConfiguration"] == {"ScanOnPush": True}
        mode = "IMMUTABLE_WITH_EXCLUSION" if filters else "IMMUTABLE"
        assert properties["ImageTagMutability"] == mode
        assert excluded(properties) == filters
        assert lifecycle(one) == KEEP_500
        assert {tag["Key"]: tag["Value"] for tag in properties["Tags"]} == tags
        assert (one["DeletionPolicy"], properties.get("EmptyOnDelete", False)) == ("Delete", False)


def excluded(properties: Template) -> list[str]:
    """Return the filters of the tags that are exempt from immutability."""
    return [
        one["ImageTagMutabilityExclusionFilterValue"]
        for one in properties.get("ImageTagMutabilityExclusionFilters", ())
    ]


def test_the_example_of_terraform_aws_modules_has_the_repositories_of_the_module(
    repositories: dict[str, list[Template]],
) -> None:
    private, public = sorted(
        repositories["terraform-aws-modules-complete"], key=lambda one: one["Type"], reverse=True
    )
    properties = private["Properties"]
    assert properties["RepositoryName"] == public["Properties"]["RepositoryName"]
    assert "EncryptionConfiguration" not in properties  # AES-256
    assert properties["ImageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert excluded(properties) == ["latest*", "dev-*", "qa-*"]
    assert properties["EmptyOnDelete"] is True
    selection = {
        "tagStatus": "tagged",
        "tagPrefixList": ["v"],
        "countType": "imageCountMoreThan",
        "countNumber": 30,
    }
    assert lifecycle(private) == [(1, selection, {"type": "expire"})]
    user = {"AWS": "arn:aws:iam::111111111111:user/deploy"}
    statements = properties["RepositoryPolicyText"]["Statement"]
    assert [one["Principal"] for one in statements] == [user, user]
    assert {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"} <= {*statements[0]["Action"]}
    pushing = {"ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart"}
    assert pushing | {"ecr:CompleteLayerUpload"} <= {*statements[1]["Action"]}
    (statement,) = public["Properties"]["RepositoryPolicyText"]["Statement"]
    assert "ecr-public:PutImage" in statement["Action"]
    data = public["Properties"]["RepositoryCatalogData"]
    assert (data["OperatingSystems"], data["Architectures"]) == (["Linux"], ["x86"])
    for one in (private, public):
        assert {tag["Key"] for tag in one["Properties"]["Tags"]} == {
            "Example",
            "Name",
            "Repository",
        }


def test_the_example_of_replication_has_the_rule_of_the_module_and_its_destinations(
    stacks: list[Stack],
) -> None:
    registries = {
        one.environment: {
            resource["Type"]: resource["Properties"]
            for resource in one.template["Resources"].values()
        }
        for one in stacks
        if one.name == "Registry"
    }
    replication = registries["cloudposse-replication-repo"]["AWS::ECR::ReplicationConfiguration"]
    (rule,) = replication["ReplicationConfiguration"]["Rules"]
    assert rule["RepositoryFilters"] == [{"Filter": "redis", "FilterType": "PREFIX_MATCH"}]
    regions = ["us-east-1", "eu-west-1"]
    assert rule["Destinations"] == [
        {"Region": region, "RegistryId": "111111111111"} for region in regions
    ]
    for region in regions:
        replica = registries[f"cloudposse-replica-{region}"]["AWS::ECR::RepositoryCreationTemplate"]
        assert replica["AppliedFor"] == ["REPLICATION"]
        assert replica["EncryptionConfiguration"] == {"EncryptionType": "AES256"}


def test_every_example_is_on_the_page() -> None:
    # An example is a file, with a folder of what it names, or a folder of several environments.
    names = {path.stem for path in EXAMPLES.iterdir()}
    linked = re.findall(r"\]\(\.\./examples/([\w-]+)(?:/[\w-]+)?\.yaml\)", PAGE)
    assert names == set(linked)
