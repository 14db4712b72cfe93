"""The policies of one resource or identity, and the words for the subject of a sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ecrctl.policies.documents import canonical_text
from ecrctl.policies.permissions import Permission
from ecrctl.policies.principals import ACCOUNT, OWN_ACCOUNT, Principal, PrincipalSet
from ecrctl.review.findings import Place
from ecrctl.review.resource_types import policy_subject_of

Kind = Literal["resource", "identity", "trust", "boundary", "endpoint"]


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """The resource or identity that a sentence is about.

    :param type: its CloudFormation type, or the kind of a Kubernetes subject.
    :param name: its own name, or else its path in the app.
    """

    type: str
    name: str

    @property
    def text(self) -> str:
        """The words for it, such as ``repository team/api`` or ``role dev/GitHubAccess/Role``."""
        return f"{policy_subject_of(self.type)} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The resource or identity that a set of policies belongs to.

    :param environment: the environment it is deployed to.
    :param where: its account and region; of an identity, which has no region, its account.
    :param kind: the effect of the policies: a resource's own grant use of it, an identity's grant
        it access to others, a trust policy grants others its use, a boundary limits it.
    """

    environment: str
    where: str
    kind: Kind
    subject: Subject

    @property
    def account(self) -> PrincipalSet:
        """The holder's own account as a principal."""
        account = self.where.partition("/")[0]
        number = account if account.isdigit() else OWN_ACCOUNT
        return PrincipalSet.of(Principal(ACCOUNT, number))


@dataclass(frozen=True, slots=True, order=True)
class Attachment:
    """Permissions that an identity is granted as a whole, and that only their name describes.

    :param kind: ``managed policy``, ``access policy`` of a cluster, ``group``, or the kind of a
        Kubernetes role.
    :param cluster: the cluster in which they apply; empty for none.
    :param namespaces: the namespaces or the account in which they apply; empty for all.
    """

    kind: str
    name: str
    cluster: str = ""
    namespaces: str = ""

    @property
    def text(self) -> str:
        """The words for it, such as ``the managed policy `arn:...```."""
        words = "the permissions of the group" if self.kind == "group" else f"the {self.kind}"
        cluster = f" in the cluster `{self.cluster}`" if self.cluster else ""
        namespaces = f" in {self.namespaces}" if self.namespaces else ""
        name = f" `{self.name}`" if self.name else ""
        return f"{words}{name}{cluster}{namespaces}"


@dataclass(slots=True, kw_only=True)
class PolicySet:
    """Every policy of one holder on one side.

    :param unreadable: policies whose form is not known, each as one text.
    :param attached: permissions that only their name describes.
    :param boundary: the permissions boundary, as text.
    :param stacks: the stacks that the policies come from: the id of each, with its display name.
    :param sources: the resources that the policies come from.
    """

    permissions: list[Permission] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    attached: set[Attachment] = field(default_factory=set)
    boundary: str | None = None
    stacks: dict[str, str] = field(default_factory=dict)
    sources: set[Place] = field(default_factory=set)

    def add_variants(self, variants: Sequence[tuple[str, "PolicySet"]]) -> None:
        """Add what all variants of a resource grant, and as unreadable what only some do.

        :param variants: the policies under each combination of conditions, with its text.
        """
        sets = [found for _, found in variants]
        for one in sets:
            self.stacks |= one.stacks
            self.sources |= one.sources
        self.permissions += frozenset.intersection(*(frozenset(one.permissions) for one in sets))
        self.attached |= set.intersection(*(one.attached for one in sets))
        if len({one.boundary for one in sets}) == 1:
            self.boundary = sets[0].boundary
        parts = {one: [*found.parts()] for one, found in variants}
        for part in {part for found in parts.values() for part in found}:
            names = [name for name, found in parts.items() if part in found]
            if len(names) < len(variants):
                self.unreadable.add(canonical_text([names, part]))

    def parts(self) -> Iterator[str]:
        """Yield everything that the policies grant or limit, each part as canonical text."""
        yield from map(canonical_text, self.permissions)
        yield from map(canonical_text, self.attached)
        yield from self.unreadable
        yield canonical_text(["boundary", self.boundary])
