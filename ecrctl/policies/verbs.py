"""Verbs for sets of actions, such as pull and push: which actions grant and which deny them."""

from collections.abc import Collection
from dataclasses import dataclass

from constructs_lib.rules.policy.repository_policy import (
    ADMINISTER_ACTIONS,
    PUBLIC_ADMINISTER_ACTIONS,
    PUBLIC_PUSH_ACTIONS,
    PULL_ACTIONS,
    PUSH_ACTIONS,
)
from constructs_lib.rules.registry.registry_policy import IMPORT_ACTIONS

from .patterns import PatternSet


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb, and the actions behind it.

    :param defining: these actions together grant the verb, or each of them where ``is_any``.
    :param actions: every action that the verb needs or includes.
    :param blocking: one of these, denied, prevents the verb.
    :param is_exact: whether an action must be named in full, so that ``ecr:*`` does not count.
    """

    name: str
    defining: tuple[str, ...]
    actions: tuple[str, ...]
    blocking: tuple[str, ...]
    is_any: bool = False
    is_exact: bool = False

    def is_granted_by(self, actions: Collection[PatternSet]) -> bool:
        """Return whether these actions, all allowed, grant the verb."""
        granted = (self._is_named(action, actions) for action in self.defining)
        return any(granted) if self.is_any else all(granted)

    def is_denied_by(self, actions: Collection[PatternSet]) -> bool:
        """Return whether these actions, all denied, prevent the verb."""
        return any(self._is_named(action, actions) for action in self.blocking)

    def actions_in(self, actions: Collection[PatternSet]) -> tuple[str, ...]:
        """Return the verb's actions that are among others."""
        return tuple(action for action in self.actions if self._is_named(action, actions))

    def _is_named(self, action: str, actions: Collection[PatternSet]) -> bool:
        lower = action.lower()
        if self.is_exact:
            return any(not one.negated and lower in one.patterns for one in actions)
        return any(one.contains(lower) for one in actions)


def _verb(name: str, *defining: str, also: tuple[str, ...] = (), is_any: bool = False) -> Verb:
    return Verb(name, defining, (*defining, *also), defining, is_any=is_any)


def _exact_verb(name: str, action: str) -> Verb:
    return Verb(name, (action,), (action,), (action,), is_exact=True)


# A principal that pushes reads manifests as well, but no layers.
PULL = Verb(
    "pull",
    defining=("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
    actions=PULL_ACTIONS,
    blocking=("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
)
# Pushing an image does not require the manifests that are in the repository already.
PUSH = Verb(
    "push",
    defining=("ecr:PutImage",),
    actions=PUSH_ACTIONS,
    blocking=tuple(action for action in PUSH_ACTIONS if action != "ecr:BatchGetImage"),
)
ADMINISTER = _verb("administer", *ADMINISTER_ACTIONS, is_any=True)
# Pulling an image through a cache for the first time, which creates its repository.
IMPORT = Verb(
    "import",
    defining=("ecr:BatchImportUpstreamImage",),
    actions=IMPORT_ACTIONS,
    blocking=IMPORT_ACTIONS,
)
REPOSITORY_VERBS = (PULL, PUSH, ADMINISTER)
# Of the repositories that ECR creates, of which some are behind a cache.
CREATED_VERBS = (PULL, IMPORT, PUSH, ADMINISTER)
# Everyone may pull from a public repository, for which there is no action.
PUBLIC_PULL = Verb("pull", defining=(), actions=(), blocking=())
PUBLIC_PUSH = Verb(
    "push",
    defining=("ecr-public:PutImage",),
    actions=PUBLIC_PUSH_ACTIONS,
    blocking=PUBLIC_PUSH_ACTIONS,
)
PUBLIC_ADMINISTER = _verb("administer", *PUBLIC_ADMINISTER_ACTIONS, is_any=True)
PUBLIC_VERBS = (PUBLIC_PUSH, PUBLIC_ADMINISTER)
VERBS = (
    *REPOSITORY_VERBS,
    _exact_verb("log in to the registry", "ecr:GetAuthorizationToken"),
    _exact_verb("replicate images", "ecr:ReplicateImage"),
    _verb(
        "use the key",
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        also=("kms:DescribeKey", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKeyPair"),
        is_any=True,
    ),
    _verb(
        "grant others use of the key",
        "kms:CreateGrant",
        also=("kms:RetireGrant", "kms:RevokeGrant"),
    ),
    _verb(
        "administer the key",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "kms:DisableKey",
        is_any=True,
    ),
    _verb(
        "assume the role",
        "sts:AssumeRole",
        "sts:AssumeRoleWithWebIdentity",
        "sts:AssumeRoleWithSAML",
        also=("sts:TagSession", "sts:SetSourceIdentity"),
        is_any=True,
    ),
)
