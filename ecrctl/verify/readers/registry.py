"""The settings of a private registry, as they are deployed."""

from collections.abc import Mapping, Sequence
from typing import Any

from constructs_lib.rules.registry.account_settings import BLOB_MOUNTING
from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks import forms
from ecrctl.verify.stacks.resource_types import CHOSEN, Live, Property, Resource, ResourceType

from .ecr import encryption_form, exclusion_filters, lifecycle_rules

_LACK = "this endpoint has no such setting of a registry"
POLICY_SCOPE = "REGISTRY_POLICY_SCOPE"


def ask(reading: Reading, operation: str, **arguments: Any) -> Any:
    """Return the answer of an operation about the registry; ``None`` where the setting is missing.

    :raises UnansweredError: where the endpoint is an emulator's without the operation.
    """
    return reading.asked(_LACK, "ecr", operation, **arguments)


def scanning_of(reading: Reading) -> Mapping[str, Any]:
    """Return the scanning configuration, which every registry has."""
    answer = ask(reading, "get_registry_scanning_configuration")
    found = answer["scanningConfiguration"]
    return {
        "ScanType": found["scanType"],
        "Rules": [
            {"ScanFrequency": rule["scanFrequency"], "RepositoryFilters": _filters(rule)}
            for rule in found.get("rules", ())
        ],
    }


def replication_of(reading: Reading) -> Sequence[Mapping[str, Any]]:
    """Return the rules of the replication configuration; none where nothing is replicated."""
    answer = ask(reading, "describe_registry")
    return [
        {
            "Destinations": [
                {"Region": one["region"], "RegistryId": one["registryId"]}
                for one in rule["destinations"]
            ],
            "RepositoryFilters": _filters(rule),
        }
        for rule in answer["replicationConfiguration"]["rules"]
    ]


def policy_of(reading: Reading) -> str | None:
    """Return the registry policy as text."""
    answer = ask(reading, "get_registry_policy")
    text: str | None = answer["policyText"] if answer else None
    return text


def signing_of(reading: Reading) -> Sequence[Mapping[str, Any]]:
    """Return the rules of the signing configuration; none where nothing is signed."""
    answer = ask(reading, "get_signing_configuration")
    rules = answer["signingConfiguration"]["rules"] if answer else ()
    return [
        {"SigningProfileArn": rule["signingProfileArn"], "RepositoryFilters": _filters(rule)}
        for rule in rules
    ]


def template_of(reading: Reading, prefix: str) -> Mapping[str, Any] | None:
    """Return the creation template of a prefix."""
    answer = ask(reading, "describe_repository_creation_templates", prefixes=[prefix])
    templates = answer["repositoryCreationTemplates"] if answer else ()
    return _template(templates[0]) if templates else None


def templates_of(reading: Reading) -> Sequence[Mapping[str, Any]]:
    """Return all creation templates."""
    operation = "describe_repository_creation_templates"
    return [*map(_template, reading.listed("ecr", operation, "repositoryCreationTemplates[]"))]


def _template(found: Mapping[str, Any]) -> Mapping[str, Any]:
    encryption = found.get("encryptionConfiguration", {})
    return {
        "Prefix": found["prefix"],
        "AppliedFor": found["appliedFor"],
        "Description": found.get("description"),
        "EncryptionConfiguration": {
            "EncryptionType": encryption.get("encryptionType"),
            "KmsKey": encryption.get("kmsKey"),
        },
        "ImageTagMutability": found.get("imageTagMutability"),
        "ImageTagMutabilityExclusionFilters": exclusion_filters(found),
        "LifecyclePolicy": found.get("lifecyclePolicy"),
        "RepositoryPolicy": found.get("repositoryPolicy"),
        "ResourceTags": found.get("resourceTags"),
        "CustomRoleArn": found.get("customRoleArn"),
    }


def cache_of(reading: Reading, prefix: str) -> Mapping[str, Any] | None:
    """Return the pull-through cache rule of a prefix."""
    answer = ask(reading, "describe_pull_through_cache_rules", ecrRepositoryPrefixes=[prefix])
    rules = answer["pullThroughCacheRules"] if answer else ()
    return _cache(rules[0]) if rules else None


def caches_of(reading: Reading) -> Sequence[Mapping[str, Any]]:
    """Return all pull-through cache rules."""
    operation = "describe_pull_through_cache_rules"
    return [*map(_cache, reading.listed("ecr", operation, "pullThroughCacheRules[]"))]


def _cache(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "EcrRepositoryPrefix": found["ecrRepositoryPrefix"],
        "UpstreamRegistry": found.get("upstreamRegistry"),
        "UpstreamRegistryUrl": found.get("upstreamRegistryUrl"),
        "UpstreamRepositoryPrefix": found.get("upstreamRepositoryPrefix"),
        "CredentialArn": found.get("credentialArn"),
        "CustomRoleArn": found.get("customRoleArn"),
    }


def exclusions_of(reading: Reading) -> Sequence[str]:
    """Return the principals whose pulls do not count as a use of an image."""
    found: list[str] = []
    token: Mapping[str, str] = {}
    while True:
        answer = ask(reading, "list_pull_time_update_exclusions", **token)
        found += answer["pullTimeUpdateExclusions"]
        if not answer.get("nextToken"):
            return found
        token = {"nextToken": answer["nextToken"]}


def policy_scope_of(reading: Reading) -> str:
    """Return the scope of the registry policy: ``V1`` or ``V2``."""
    return _account_setting(reading, POLICY_SCOPE)


def blob_mounting_of(reading: Reading) -> str:
    """Return whether the registry mounts layers: ``ENABLED`` or ``DISABLED``."""
    return _account_setting(reading, BLOB_MOUNTING)


def _account_setting(reading: Reading, name: str) -> str:
    return str(ask(reading, "get_account_setting", name=name)["value"])


def _filters(rule: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"Filter": one["filter"], "FilterType": one["filterType"]}
        for one in rule.get("repositoryFilters", ())
    ]


def _read_scanning(reading: Reading, _resource: Resource) -> Live:
    return Live(scanning_of(reading))


def _read_replication(reading: Reading, _resource: Resource) -> Live:
    return Live({"ReplicationConfiguration": {"Rules": replication_of(reading)}})


def _read_policy(reading: Reading, _resource: Resource) -> Live | None:
    text = policy_of(reading)
    return None if text is None else Live({"PolicyText": text})


def _read_signing(reading: Reading, _resource: Resource) -> Live | None:
    rules = signing_of(reading)
    return Live({"Rules": rules}) if rules else None


def _read_template(reading: Reading, resource: Resource) -> Live | None:
    found = template_of(reading, resource.physical_id)
    return None if found is None else Live(found)


def _read_cache(reading: Reading, resource: Resource) -> Live | None:
    found = cache_of(reading, resource.physical_id)
    return None if found is None else Live(found)


def _read_exclusion(reading: Reading, resource: Resource) -> Live | None:
    arn = resource.physical_id
    return Live({"PrincipalArn": arn}) if arn in exclusions_of(reading) else None


def _read_blob_mounting(reading: Reading, _resource: Resource) -> Live:
    return Live({"Value": blob_mounting_of(reading)})


def _read_profile(reading: Reading, resource: Resource) -> Live | None:
    name = resource.physical_id.rpartition("/")[2]
    found = reading.asked(_LACK, "signer", "get_signing_profile", profileName=name)
    if found is None or found["status"] != "Active":
        return None
    return Live(
        properties={
            "ProfileName": found["profileName"],
            "PlatformId": found["platformId"],
            "SignatureValidityPeriod": found.get("signatureValidityPeriod"),
            "Tags": found.get("tags"),
        },
        attributes={"Arn": found["arn"], "ProfileName": found["profileName"]},
    )


@forms.each
def _rules(value: Any) -> Any:
    """Rules whose order has no meaning, with filters whose order has none."""
    rules = value.get("Rules") if isinstance(value, Mapping) else value
    sorted_lists = [
        {
            key: sorted(map(forms.plain, item), key=str) if isinstance(item, list) else item
            for key, item in rule.items()
        }
        for rule in rules or ()
    ]
    return sorted(map(forms.plain, sorted_lists), key=str) or None


@forms.each
def _period(value: Mapping[str, Any] | None) -> Any:
    """A validity period; the API writes its keys in lower case."""
    return forms.plain({key.lower(): item for key, item in (value or {}).items()})


TYPES = (
    ResourceType(
        name="AWS::ECR::RegistryScanningConfiguration",
        read=_read_scanning,
        properties={"ScanType": Property("BASIC"), "Rules": Property(form=_rules)},
    ),
    ResourceType(
        name="AWS::ECR::ReplicationConfiguration",
        read=_read_replication,
        properties={"ReplicationConfiguration": Property(form=_rules)},
    ),
    ResourceType(
        name="AWS::ECR::RegistryPolicy",
        read=_read_policy,
        properties={"PolicyText": Property(form=forms.policy)},
    ),
    ResourceType(
        name="AWS::ECR::SigningConfiguration",
        read=_read_signing,
        properties={"Rules": Property(form=_rules)},
    ),
    ResourceType(
        name="AWS::ECR::RepositoryCreationTemplate",
        read=_read_template,
        properties={
            "Prefix": Property(CHOSEN),
            "AppliedFor": Property(form=forms.unordered),
            "Description": Property(),
            "EncryptionConfiguration": Property({"EncryptionType": "AES256"}, encryption_form),
            "ImageTagMutability": Property("MUTABLE"),
            "ImageTagMutabilityExclusionFilters": Property(form=forms.unordered),
            "LifecyclePolicy": Property(form=forms.each(lifecycle_rules)),
            "RepositoryPolicy": Property(form=forms.policy),
            "ResourceTags": Property(form=forms.tags),
            "CustomRoleArn": Property(),
        },
    ),
    ResourceType(
        name="AWS::ECR::PullThroughCacheRule",
        read=_read_cache,
        properties={
            "EcrRepositoryPrefix": Property(CHOSEN),
            "UpstreamRegistry": Property(CHOSEN),
            "UpstreamRegistryUrl": Property(CHOSEN),
            # ECR returns ROOT where none is declared.
            "UpstreamRepositoryPrefix": Property("ROOT"),
            "CredentialArn": Property(),
            "CustomRoleArn": Property(),
        },
    ),
    ResourceType(
        name="AWS::ECR::PullTimeUpdateExclusion",
        read=_read_exclusion,
        properties={"PrincipalArn": Property(CHOSEN)},
    ),
    ResourceType(
        name="Custom::ECRBlobMounting",
        read=_read_blob_mounting,
        properties={"Value": Property()},
        not_compared=dict.fromkeys(
            ("ServiceToken", "ServiceTimeout"),
            "CloudFormation's own: the function that sets the value, and how long it may take",
        ),
    ),
    ResourceType(
        name="AWS::Signer::SigningProfile",
        read=_read_profile,
        properties={
            "ProfileName": Property(CHOSEN),
            "PlatformId": Property(CHOSEN),
            # 135 months, where a template does not declare another period.
            "SignatureValidityPeriod": Property(CHOSEN, _period),
            "Tags": Property(form=forms.tags),
        },
    ),
)
