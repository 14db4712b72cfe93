"""Creation templates: the settings of repositories that ECR creates by itself.

Sources: Amazon ECR user guide, "Templates to control repositories created during a pull through
cache, create on push, or replication action"; Amazon ECR API reference,
"CreateRepositoryCreationTemplate".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.aws.resource_tags import tag_faults
from constructs_lib.rules.ecr.repository import (
    IMMUTABLE_TAGS,
    NO_ACCESS,
    STANDARD_LIFECYCLE,
    EncryptionSpec,
    dual_layer_faults,
)
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from constructs_lib.rules.faults import (
    Fault,
    each_under,
    faults_unless,
    raise_if_any,
    repeated,
    under,
    word_faults,
)
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy, wildcard_prefix_faults
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.policy.access import Access, function_region_faults, push_faults
from constructs_lib.rules.policy.repository_policy import access_statements
from constructs_lib.rules.policy.statements import (
    Statement,
    merged,
    repository_policy_faults,
    statement_faults,
)

from .prefixes import prefix_faults

AppliedFor = Literal["PULL_THROUGH_CACHE", "REPLICATION", "CREATE_ON_PUSH"]
APPLIED_FOR: tuple[AppliedFor, ...] = get_args(AppliedFor)
SHORTEST_PREFIX, LONGEST_PREFIX = 1, 256
LONGEST_DESCRIPTION = 256


def _shared_key() -> EncryptionSpec:
    return EncryptionSpec(kind="customer-managed")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationTemplate:
    """The settings of repositories that ECR creates by itself, which would else have its defaults.

    A template applies to new repositories. ECR never changes an existing repository by it.

    :param prefix: 1 to 256 characters, to which ECR adds ``/``: ``team`` applies to ``team/api``
        and not to ``team``. ``ROOT`` applies to all names without a template of their own.
    :param applied_for: one or more of ``PULL_THROUGH_CACHE``, ``REPLICATION`` and
        ``CREATE_ON_PUSH``, which creates a repository when an image is pushed.
    :param tag_immutability: the tags that can be moved; by default none. ECR's own default is
        that all can.
    :param encryption: by default a KMS key that repositories share.
    :param lifecycle: as for ``RepositorySpec``. ``None`` keeps every image.
    :param pull: the principals that may pull besides the account's own; by default none.
    :param push: the principals that may push besides the account's own; by default none.
    :param statements: more statements of the repositories' policy; by default none.
    :param tags: AWS tags of the repositories, at most 50; by default none.
    :param description: up to 256 characters; by default none.
    :raises RuleError: with every rule that is broken.
    """

    prefix: str
    applied_for: ListOf[AppliedFor]
    tag_immutability: TagImmutability = IMMUTABLE_TAGS
    encryption: EncryptionSpec = field(default_factory=_shared_key)
    lifecycle: LifecyclePolicy | None = STANDARD_LIFECYCLE
    pull: Access = NO_ACCESS
    push: Access = NO_ACCESS
    statements: ListOf[Statement] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None

    def __post_init__(self) -> None:
        raise_if_any(
            f"CreationTemplate '{self.prefix[:80]}'",
            [
                *under(
                    "prefix",
                    prefix_faults(
                        self.prefix,
                        subject="a template's prefix",
                        shortest=SHORTEST_PREFIX,
                        longest=LONGEST_PREFIX,
                    ),
                ),
                *_applied_for_faults(self.applied_for),
                *faults_unless(
                    self.encryption.kind != "own-key",
                    "a template's repositories cannot have a key for each of them (own-key), "
                    "because ECR creates them. Choose customer-managed.",
                    path="encryption",
                ),
                *under("lifecycle", wildcard_prefix_faults(self.lifecycle)),
                *under("push", push_faults(self.push)),
                *under("statements", statement_faults(self.statements)),
                *under("tags", tag_faults(self.tags)),
                *faults_unless(
                    len(self.description or "") <= LONGEST_DESCRIPTION,
                    f"a template's description can have at most {LONGEST_DESCRIPTION} characters, "
                    f"got {len(self.description or '')}. Shorten it.",
                    path="description",
                ),
            ],
        )

    @property
    def requires_role(self) -> bool:
        """Whether ECR must assume a role to create the repositories: for a key, or for tags."""
        return bool(self.tags) or self.encryption.kind != "aes256"

    def policy(self, place: Place) -> list[Statement]:
        """Return the statements of the repositories' policy."""
        return merged(
            [
                *access_statements(
                    pull=self.pull,
                    push=self.push,
                    account=place.account,
                    region=place.region,
                    partition=place.partition,
                ),
                *self.statements,
            ]
        )


def template_faults(templates: Sequence[CreationTemplate], place: Place) -> Iterator[Fault]:
    """Yield the faults of a registry's templates together."""
    for index, template in enumerate(templates):
        yield from under(f"[{index}]", dual_layer_faults(template.encryption, place))
        functions = function_region_faults(template.pull, place.region)
        yield from under(f"[{index}].pull", functions)
        yield from under(f"[{index}]", repository_policy_faults(template.policy(place)))


def _applied_for_faults(applied_for: Sequence[str]) -> Iterator[Fault]:
    if not applied_for:
        yield Fault(
            "applied_for",
            f"a template requires at least one of {', '.join(APPLIED_FOR)}, got none. Write "
            "CREATE_ON_PUSH.",
        )
    yield from each_under(
        "applied_for",
        applied_for,
        lambda word: word_faults("", word, APPLIED_FOR, subject="applied_for"),
    )
    for index, word, _ in repeated(enumerate(applied_for)):
        message = f"applied_for can have {word} once, got it twice. Remove one."
        yield Fault(f"applied_for[{index}]", message)
