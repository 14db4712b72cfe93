"""A public repository: all of its properties, checked together.

Sources: Amazon ECR Public user guide, "Public repositories" and "Public repository policies";
Amazon ECR Public API reference, "CreateRepository"; CloudFormation, "AWS::ECR::PublicRepository";
Service Authorization Reference, "Amazon Elastic Container Registry Public".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.aws.resource_tags import tag_faults
from constructs_lib.rules.aws.tokens import is_token
from constructs_lib.rules.faults import Fault, faults_unless, raise_if_any, under, word_faults
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.policy.access import Access, Administrators, push_faults
from constructs_lib.rules.policy.repository_policy import public_access_statements
from constructs_lib.rules.policy.statements import (
    PUBLIC,
    Statement,
    merged,
    policy_document,
    repository_policy_faults,
    statement_faults,
)
from constructs_lib.rules.types import checked_types

from .images import PUBLIC_REGISTRY, repository_logical_id, repository_name_faults
from .public_catalog import CatalogData

PublicRemoval = Literal["retain", "destroy"]
REMOVALS: tuple[PublicRemoval, ...] = get_args(PublicRemoval)
REGION = "us-east-1"
LONGEST_NAME = 205
LONGEST_TAG_KEY, LONGEST_TAG_VALUE = 127, 255
NO_CATALOG_DATA = CatalogData()
NO_PUSH = Access()

_DELETES = "ECR Public never deletes an image by itself. Delete images with a job of your own"
# Settings of private repositories in environment files, and why a public one has none of them.
_PRIVATE_ONLY: Mapping[str, str] = {
    "encryption": "everyone may read its images, so ECR Public takes no KMS key",
    "tag_immutability": "every tag of a public repository can be moved. Refer to its images by "
    "digest",
    "scan_on_push": "ECR Public does not scan images. Push to a private repository first, where "
    "`ecrctl scan` reads the findings",
    "lifecycle": _DELETES,
    "pull": "everyone may pull from a public repository, and no policy can deny it",
    "empty_on_delete": "CloudFormation cannot delete the images of a public repository. Delete "
    "them before the repository",
    "adopted": "`ecrctl import` does not read public repositories. `cdk import` adopts one by its "
    "name",
    "stack": "all public repositories of an environment share the stack PublicRepositories",
}
PRIVATE_ONLY: Mapping[str, str] = {
    name: f"a public repository has no {name}: {reason}. Remove {name}, or declare the repository "
    "in `repositories`, which are private."
    for name, reason in _PRIVATE_ONLY.items()
}


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRepositorySpec:
    """A public repository, from which everyone may pull.

    :param name: 2 to 205 lower-case letters and digits, joined by ``/ - _ .``.
    :param place: the account, and the region, which must be us-east-1.
    :param catalog_data: its public page; by default it is empty.
    :param push: the principals that may push besides the account's own; by default none.
    :param statements: more statements of the repository policy; by default none.
    :param administrators: the only roles that may delete images or the repository, or change its
        policy or page; by default every principal whose identity policy allows that.
    :param removal: ``retain`` by default: the repository is kept when its stack is deleted. With
        ``destroy``, the deletion fails while the repository has images.
    :param tags: AWS tags of the repository, at most 50; by default none.
    :raises RuleError: with every rule that is broken.

    Attributes: ``policy`` contains the statements of the repository policy.

    >>> spec = PublicRepositorySpec(name="tools/cli", place=Place.of("111111111111", "us-east-1"))
    >>> spec.arn
    'arn:aws:ecr-public::111111111111:repository/tools/cli'
    """

    name: str
    place: Place
    catalog_data: CatalogData = NO_CATALOG_DATA
    push: Access = NO_PUSH
    statements: ListOf[Statement] = ()
    administrators: Administrators | None = None
    removal: PublicRemoval = "retain"
    tags: Mapping[str, str] = field(default_factory=dict)
    policy: list[Statement] = field(init=False)

    def __post_init__(self) -> None:
        malformed = under("statements", statement_faults(self.statements, PUBLIC))
        granted: list[Statement] = [
            *public_access_statements(
                push=self.push,
                account=self.place.account,
                region=self.place.region,
                partition=self.place.partition,
                administrators=self.administrators,
            )
        ]
        policy = granted if malformed else [*granted, *self.statements]
        object.__setattr__(self, "policy", merged(policy))
        lengths = {"longest_key": LONGEST_TAG_KEY, "longest_value": LONGEST_TAG_VALUE}
        raise_if_any(
            f"PublicRepository '{self.name}'",
            [
                *region_faults(self.place.region),
                *public_name_faults(self.name),
                *word_faults("removal", self.removal, REMOVALS),
                *under("tags", tag_faults(self.tags, **lengths)),
                *under("push", push_faults(self.push)),
                *malformed,
                *repository_policy_faults(policy),
            ],
        )

    @property
    def template_bytes(self) -> int:
        """The bytes that the repository takes in a template, as the CDK indents it."""
        resource = {
            "Type": "AWS::ECR::PublicRepository",
            "Properties": {
                "RepositoryCatalogData": self.catalog_data.properties(),
                "RepositoryName": self.name,
                "RepositoryPolicyText": policy_document(self.policy) or {},
                "Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()],
            },
            "UpdateReplacePolicy": "Retain",
            "DeletionPolicy": "Retain",
            "Metadata": {"aws:cdk:path": "environment/PublicRepositories/name/Resource"},
        }
        # Two levels deep: each line of it is indented by two more.
        text = json.dumps(
            {public_repository_logical_id(self.name): resource}, indent=1, ensure_ascii=False
        )
        return len(text.encode()) + 2 * text.count("\n")

    @property
    def arn(self) -> str:
        """The repository's ARN, which has no region."""
        return public_repository_arn(self.place.account, self.name)


def region_faults(region: str) -> list[Fault]:
    """Check the region of a public repository, which ECR Public manages from us-east-1 alone."""
    return faults_unless(
        region == REGION or is_token(region),
        f"a public repository must be in {REGION}, the only region in which CloudFormation "
        f"creates it, got '{region[:40]}'. Declare it in a stack or an environment file of "
        f"{REGION}; everyone pulls from there.",
        path="region",
    )


def public_name_faults(name: str) -> list[Fault]:
    """Check a public repository's name: 2 to 205 of the characters that ECR allows."""
    return [] if is_token(name) else repository_name_faults(name, LONGEST_NAME)


def public_repository_arn(account: str, name: str) -> str:
    """Return the ARN of a public repository, which has no region."""
    return f"arn:aws:ecr-public::{account}:repository/{name}"


def public_repository_uri(alias: str, name: str) -> str:
    """Return the URI of a public repository.

    :param alias: the alias of the account's public registry. ECR assigns one, such as
        ``a1b2c3d4``, and AWS approves requests for others; no template can know it.
    """
    return f"{PUBLIC_REGISTRY}/{alias}/{name}"


def public_repository_logical_id(name: str) -> str:
    """Return the logical ID of a public repository, which differs between any two names."""
    return repository_logical_id(name, "PublicRepository")
