"""Rules about changes that no other rule can judge, so that none of them looks harmless."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from ecrctl.policies.wording import first_few, listed
from ecrctl.review.access.documents import without_policies
from ecrctl.review.diff.comparison import ResourceChange
from ecrctl.review.diff.image_properties import IMAGE_PROPERTIES
from ecrctl.review.diff.json_properties import properties_with_json
from ecrctl.review.diff.resources import Resource
from ecrctl.review.diff.value_diff import differing_values
from ecrctl.review.diff.workloads import APPLIED, PARAMETER
from ecrctl.review.findings import Category, Place, canonical_json
from ecrctl.review.protective_properties import is_protective
from ecrctl.review.resource_types import RESOURCE_TYPES, resource_type
from ecrctl.review.rules.data_expiry import KEPT_FOR
from ecrctl.review.rules.removal.settings import SWITCHES
from ecrctl.review.rules.rule import Rule, resource_rule
from ecrctl.review.type_names import AWS_CALLS, CDK_CLUSTER, SERVICE, TASK_DEFINITION

from .undecided import SETTINGS

_FUNCTION = ".Fn::"
_NOT_JUDGED = Category.NOT_JUDGED
_MOST_SHOWN = 4
# Words in the name of a property that grants, protects, runs or deletes something.
_TELLING_NAME = re.compile(
    r"Access|Auth|Backup|Cidr|Delet|Encrypt|Grant|Image|IpAddress(?!Type)|IpRange|Kms|Permission|Polic|"
    r"Principal|Protect|Public|Retention|Retain|Role|Secret|Security|Ssl|Tls|Trust",
    re.IGNORECASE,
)
# Further words, which are telling where a value of them changes: a new resource has many of them.
_TELLING_CHANGE = re.compile(
    r"Account|Admin|Allow|Audience|Audit|Certificat|Credential|Destroy|DefinitionUri|Expir|Firewall|"
    r"ForceDe|Issuer|Login|Logging|Member|Owner|Password|Private|Provider|Purge|Remov|Scope|"
    r"ServiceToken|Share|UserGroup|Verif|Visib|Container$|ContainerUri|OriginDomain|Origins|GroupName"
)
_TELLING_WORD = re.compile(
    r"(?:^|[.a-z])(?:MFA|Mfa|Org|Orgs|OrgId|Organization\w*|SSE|Sse)(?:[A-Z.]|$)"
)
# A policy, an identity, an image or an address range, whatever its property is called.
_TELLING_VALUE = re.compile(
    r"arn:[^:]*:(iam|sts|kms):|\.dkr[.-]ecr\.|@sha256:|\b\d{1,3}(\.\d{1,3}){3}/\d|::/\d|"
    r"^\d{1,3}(\.\d{1,3}){3}$|\"Statement\""
)
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
# What workloads run has rules of its own, as have the calls of custom resources.
_JUDGED = (TASK_DEFINITION, APPLIED, PARAMETER, AWS_CALLS, CDK_CLUSTER)
# Rules of their own judge these properties.
_JUDGED_NAMES = {"AWS::S3::Bucket": ("ExpirationInDays",), SERVICE: ("AssignPublicIp",)}


def _is_known(name: str) -> bool:
    """Return whether a review knows whether a type contains data."""
    known = (RESOURCE_TYPES, IMAGE_PROPERTIES, _JUDGED)
    return any(name in each for each in known) or name.startswith("AWS::IAM::")


def _is_judged(name: str) -> bool:
    """Return whether the rules judge every telling property of a type."""
    row = resource_type(name)
    is_policy = row.is_separate_policy and bool(row.policy_property)
    is_listed = name in _JUDGED or (name in SETTINGS and name != SERVICE)
    return is_listed or row.grants or row.is_judged or is_policy or name.startswith("AWS::IAM::")


def not_judged_changes(reported: AbstractSet[Place]) -> Rule:
    """Return the rule for properties that no rule judges.

    :param reported: the resources that rules about more than costs report.
    """

    @resource_rule(_NOT_JUDGED)
    def not_judged(change: ResourceChange) -> Iterator[str]:
        """A property changes that looks like access or protection, and no rule judges it."""
        is_new = change.base is None
        # A new resource of a listed type is what its row says.
        is_listed_and_new = is_new and _is_known(change.type)
        if change.head is None or change.place in reported or _is_judged(change.type):
            return
        found = [] if is_listed_and_new else _telling(change)
        if found:
            names = listed(first_few(list(dict.fromkeys(found)), _MOST_SHOWN))
            verb = "is new and sets" if is_new else "changes"
            yield f"{verb} {names}, which no rule of this review judges. Read it in the diff"

    return not_judged


def _telling(change: ResourceChange) -> list[str]:
    """Return the properties that differ and are telling, by their name or value."""
    before, after = change.both(_without_policies)
    other_account = {*_accounts(after)} - {*_accounts(before), change.pair.stack.account}
    judged = _names_judged_elsewhere(change.type)
    return [
        f"`{path}`"
        for inner, *values in differing_values(before, after)
        # The property, not a place inside of a function that the deployment resolves.
        for path in [inner.partition(_FUNCTION)[0]]
        if not is_protective(path) and path.rpartition(".")[2] not in judged
        if is_telling(path, values, is_new=change.base is None)
        or not other_account.isdisjoint(_accounts(values[1]))
    ]


def _names_judged_elsewhere(name: str) -> Sequence[str]:
    row = IMAGE_PROPERTIES.get(name)
    paths = (*row.images, *row.identities) if row else ()
    return [
        *KEPT_FOR,
        *SWITCHES,
        *_JUDGED_NAMES.get(name, ()),
        *(path.rpartition(".")[2] for path in paths),
    ]


def _without_policies(resource: Resource | None) -> dict[str, Any]:
    """Return the properties without policies, whose access is compared for every type."""
    found: dict[str, Any] = without_policies(properties_with_json(resource))
    return found


def _accounts(value: Any) -> list[str]:
    return _ACCOUNT.findall(canonical_json(value))


def is_telling(path: str, values: Sequence[Any], *, is_new: bool) -> bool:
    """Return whether a property looks like access or protection, by its name or its values."""
    if _TELLING_NAME.search(path) or (
        not is_new and (_TELLING_CHANGE.search(path) or _TELLING_WORD.search(path))
    ):
        return True
    return any(isinstance(value, str) and _TELLING_VALUE.search(value) for value in values)
