"""A private repository: all of its properties, checked together.

Sources: Amazon ECR user guide, "Private repositories" and "Encryption at rest"; CloudFormation,
"AWS::ECR::Repository".
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.aws.resource_tags import tag_faults
from constructs_lib.rules.aws.tokens import is_token
from constructs_lib.rules.faults import Fault, raise_if_any, under, word_faults
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy, wildcard_prefix_faults
from constructs_lib.rules.lifecycle.presets import standard
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.policy.access import (
    Access,
    Administrators,
    function_region_faults,
    push_faults,
)
from constructs_lib.rules.policy.repository_policy import access_statements
from constructs_lib.rules.policy.statements import (
    Statement,
    merged,
    policy_document,
    repository_policy_faults,
    statement_faults,
)
from constructs_lib.rules.types import checked_types

from .images import repository_logical_id, repository_name_faults
from .tag_immutability import TagImmutability

EncryptionKind = Literal["customer-managed", "own-key", "aws-managed", "aes256", "dsse"]
ENCRYPTION_KINDS: tuple[EncryptionKind, ...] = get_args(EncryptionKind)
Removal = Literal["retain", "destroy", "retain-on-update-or-delete"]
REMOVALS: tuple[Removal, ...] = get_args(Removal)
NO_ACCESS = Access()
IMMUTABLE_TAGS = TagImmutability()
STANDARD_LIFECYCLE = standard()

_KINDS_WITH_KEY = ("customer-managed", "dsse")


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionSpec:
    """The encryption of a repository's images at rest.

    :param kind: ``customer-managed`` (a KMS key of yours), ``dsse`` (the same in two layers, in
        GovCloud regions only), ``own-key`` (a key for one repository), ``aws-managed`` (the key
        that AWS manages for ECR) or ``aes256`` (no KMS key).
    :param key_arn: with ``customer-managed`` and ``dsse``, an existing key; by default the key
        that repositories of the environment or stack share.
    :raises RuleError: when the kind is unknown, or a kind without a choice of key has one.
    """

    kind: EncryptionKind
    key_arn: str | None = None

    def __post_init__(self) -> None:
        raise_if_any("Encryption", _encryption_faults(self.kind, self.key_arn))

    @property
    def uses_shared_key(self) -> bool:
        """Whether the images are encrypted with the key that repositories share."""
        return self.kind in _KINDS_WITH_KEY and self.key_arn is None


def _shared_key() -> EncryptionSpec:
    return EncryptionSpec(kind="customer-managed")


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class RepositorySpec:
    """A private repository.

    :param name: 2 to 256 lower-case letters and digits, joined by ``/ - _ .``.
    :param place: the account, region and partition that the repository is created in.
    :param tag_immutability: the tags that can be moved; by default none.
    :param scan_on_push: whether images are scanned when they are pushed; ``True`` by default.
    :param encryption: by default a KMS key that repositories share.
    :param lifecycle: by default live images are kept, untagged images expire after 7 days, and
        the last 30 others are kept. ``None`` keeps every image.
    :param pull: the principals that may pull besides the account's own; by default none.
    :param push: the principals that may push besides the account's own; by default none.
    :param statements: more statements of the repository policy; by default none.
    :param administrators: the only roles that may delete images or the repository, or change its
        policies; by default every principal whose identity policy allows that.
    :param removal: ``retain`` by default: the repository is kept when its stack is deleted.
    :param empty_on_delete: with ``destroy``, whether all images are deleted too; ``False`` by
        default.
    :param tags: AWS tags of the repository, at most 50; by default none.
    :param adopted: whether the repository existed before; then a rule without effect in its
        lifecycle policy is accepted, and no statements are merged. ``False`` by default.
    :raises RuleError: with every rule that is broken.

    Attributes: ``policy`` contains the statements of the repository policy.
    """

    name: str
    place: Place
    tag_immutability: TagImmutability = IMMUTABLE_TAGS
    scan_on_push: bool = True
    encryption: EncryptionSpec = field(default_factory=_shared_key)
    lifecycle: LifecyclePolicy | None = STANDARD_LIFECYCLE
    pull: Access = NO_ACCESS
    push: Access = NO_ACCESS
    statements: ListOf[Statement] = ()
    administrators: Administrators | None = None
    removal: Removal = "retain"
    empty_on_delete: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    adopted: bool = False
    policy: list[Statement] = field(init=False)

    def __post_init__(self) -> None:
        malformed = under("statements", statement_faults(self.statements))
        granted: list[Statement] = [
            *access_statements(
                pull=self.pull,
                push=self.push,
                account=self.place.account,
                region=self.place.region,
                partition=self.place.partition,
                administrators=self.administrators,
            )
        ]
        policy = granted if malformed else [*granted, *self.statements]
        # An import must not change the policy of an existing repository.
        object.__setattr__(self, "policy", policy if self.adopted else merged(policy))
        raise_if_any(
            f"Repository '{self.name}'",
            [
                *(() if is_token(self.name) else repository_name_faults(self.name)),
                *_deletion_faults(self.removal, empty_on_delete=self.empty_on_delete),
                *dual_layer_faults(self.encryption, self.place),
                *under("lifecycle", () if self.adopted else wildcard_prefix_faults(self.lifecycle)),
                *under("tags", tag_faults(self.tags)),
                *under("pull", function_region_faults(self.pull, self.place.region)),
                *under("push", push_faults(self.push)),
                *malformed,
                *repository_policy_faults(policy),
            ],
        )

    @property
    def template_bytes(self) -> int:
        """The bytes that the repository takes in a template, as the CDK indents it."""
        lifecycle = {"LifecyclePolicyText": self.lifecycle.text() if self.lifecycle else ""}
        resource = {
            "Type": "AWS::ECR::Repository",
            "Properties": {
                "EncryptionConfiguration": {
                    "EncryptionType": "KMS",
                    "KmsKey": {"Fn::ImportValue": "x" * 80},
                },
                "ImageScanningConfiguration": {"ScanOnPush": True},
                "ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
                "LifecyclePolicy": lifecycle,
                "RepositoryName": self.name,
                "RepositoryPolicyText": policy_document(self.policy) or {},
                "Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()],
            },
            "UpdateReplacePolicy": "Retain",
            "DeletionPolicy": "Retain",
            "Metadata": {"aws:cdk:path": "environment/Repositories-of-a-group/Resource"},
        }
        # Two levels deep: each line of it is indented by two more.
        text = json.dumps({repository_logical_id(self.name): resource}, indent=1)
        return len(text.encode()) + 2 * text.count("\n")


def _encryption_faults(kind: str, key_arn: str | None) -> Iterator[Fault]:
    yield from word_faults("kind", kind, ENCRYPTION_KINDS, subject="encryption")
    if key_arn is not None and kind in ENCRYPTION_KINDS and kind not in _KINDS_WITH_KEY:
        yield Fault(
            "key",
            f"only {' and '.join(_KINDS_WITH_KEY)} encryption takes a key, got one with "
            f"'{kind}'. Remove the key, or choose customer-managed.",
        )


def _deletion_faults(removal: str, *, empty_on_delete: bool) -> Iterator[Fault]:
    cure = "Choose retain, which keeps the images."
    yield from word_faults("removal", removal, REMOVALS, cure=cure)
    if empty_on_delete and removal in REMOVALS and removal != "destroy":
        yield Fault(
            "empty_on_delete",
            f"empty_on_delete requires removal 'destroy', got '{removal}'. Choose destroy, or "
            "remove empty_on_delete.",
        )


def dual_layer_faults(encryption: EncryptionSpec, place: Place) -> Iterator[Fault]:
    """Yield a fault when images are encrypted in two layers outside of GovCloud."""
    if encryption.kind != "dsse" or is_token(place.region) or place.partition == "aws-us-gov":
        return
    yield Fault(
        "encryption",
        "dual-layer encryption (dsse) requires a GovCloud region, got "
        f"'{place.region}'. Choose customer-managed encryption.",
    )
