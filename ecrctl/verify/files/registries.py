"""The settings of an environment's private registry, compared with AWS."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from constructs_lib.rules.policy.statements import policy_document
from constructs_lib.rules.registry.account_settings import blob_mounting_value
from constructs_lib.rules.registry.creation_templates import CreationTemplate
from constructs_lib.rules.registry.pull_through import PullThroughCache
from constructs_lib.rules.registry.registry import RegistrySpec
from constructs_lib.rules.registry.registry_policy import requires_scope_v2
from constructs_lib.rules.registry.replication import EVERYTHING
from ecrctl.verify.check import MISSING, NONE, Check
from ecrctl.verify.readers import registry as reader
from ecrctl.verify.reading import Reading, UnansweredError
from environments.names import REGISTRY

from .lookup import Lookup
from .repositories import encryption_rows, own_tags
from .text import differing, listed, pairs, rules_by_priority, statements_by_sid

_SCOPE_V2 = "V2"


def check_registry(lookup: Lookup) -> Iterator[Check]:
    """Yield every setting of the registry that an environment's file declares."""
    spec = lookup.settings.registry
    if spec is None:
        return
    subject = f"registry {spec.place.account} {spec.place.region}"
    try:
        yield from _settings(subject, spec, lookup)
        for template in spec.all_templates:
            yield from _template(template, spec, lookup)
        for cache in spec.caches:
            yield from _cache(cache, spec.place.account, lookup.reading)
    except UnansweredError as error:
        yield Check.not_compared(subject, "every setting", str(error))


def _settings(subject: str, spec: RegistrySpec, lookup: Lookup) -> Iterator[Check]:
    reading = lookup.reading
    if spec.scanning:
        found = reader.scanning_of(reading)
        yield Check(subject, "scan type", spec.scanning.scan_type, found["ScanType"])
        declared = {str(rule.frequency): listed(rule.filters) for rule in spec.scanning.rules}
        yield Check(
            subject,
            "scanning rules",
            *differing(declared, _by(found["Rules"], lambda rule: rule["ScanFrequency"])),
        )
    yield Check(subject, "replication", *differing(_replication(spec), _replicated(reading)))
    yield Check(subject, "signing", *differing(_signing(spec, lookup), _signed(reading)))
    yield Check(
        subject,
        "pull-time exclusions",
        listed(spec.exclusions),
        listed(reader.exclusions_of(reading)),
    )
    policy = reader.policy_of(reading)
    yield Check(
        subject,
        "registry policy",
        *differing(
            statements_by_sid(policy_document(spec.statements)),
            statements_by_sid(json.loads(policy) if policy else None),
        ),
    )
    if spec.blob_mounting is not None:
        declared_value = blob_mounting_value(spec.blob_mounting)
        yield Check(subject, "blob mounting", declared_value, reader.blob_mounting_of(reading))
    if requires_scope_v2(spec.statements):
        yield _policy_scope(subject, reading)


def _policy_scope(subject: str, reading: Reading) -> Check:
    """Return whether the registry enforces the statements of its policy that let others pull."""
    scope = reader.policy_scope_of(reading)
    shown = (
        scope
        if scope == _SCOPE_V2
        else (
            f"{scope}, in which the registry policy grants replication and the filling of caches "
            "alone; first run `aws ecr put-account-setting --name REGISTRY_POLICY_SCOPE --value V2`"
        )
    )
    return Check(subject, "policy scope", _SCOPE_V2, shown)


def _replication(spec: RegistrySpec) -> dict[str, str]:
    """Return the filters of each destination."""
    rules: dict[str, set[str]] = {}
    for rule in spec.replication:
        for place in rule.destinations:
            rules.setdefault(f"{place.account} {place.region}", set()).update(rule.filters)
    return {name: listed(filters) for name, filters in sorted(rules.items())}


def _replicated(reading: Reading) -> dict[str, str]:
    rules: dict[str, set[str]] = {}
    for rule in reader.replication_of(reading):
        filters = _filters(rule) or (EVERYTHING,)
        for one in rule["Destinations"]:
            rules.setdefault(f"{one['RegistryId']} {one['Region']}", set()).update(filters)
    return {name: listed(filters) for name, filters in sorted(rules.items())}


def _signing(spec: RegistrySpec, lookup: Lookup) -> dict[str, str]:
    """Return the filters of each signing profile, of those too that the stack creates."""
    return {
        rule.profile_arn
        or lookup.id_of(REGISTRY, "Registry", f"Profile{index or ''}")
        or f"profile {index + 1}": listed(rule.filters)
        for index, rule in enumerate(spec.signing)
    }


def _signed(reading: Reading) -> dict[str, str]:
    return _by(reader.signing_of(reading), lambda rule: rule["SigningProfileArn"])


def _template(template: CreationTemplate, spec: RegistrySpec, lookup: Lookup) -> Iterator[Check]:
    subject = f"creation template {template.prefix}"
    found = reader.template_of(lookup.reading, template.prefix)
    if found is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    immutability, policy = template.tag_immutability, found["RepositoryPolicy"]
    lifecycle = found["LifecyclePolicy"]
    rows: Mapping[str, tuple[str, str]] = {
        "applied for": (listed(template.applied_for), listed(found["AppliedFor"])),
        "tag immutability": (immutability.mode, found["ImageTagMutability"] or MISSING),
        "exclusion filters": (
            listed(immutability.exclusion_filters),
            listed(
                one["ImageTagMutabilityExclusionFilterValue"]
                for one in found["ImageTagMutabilityExclusionFilters"]
            ),
        ),
        "encryption": encryption_rows(
            template.encryption, lookup, found["EncryptionConfiguration"]
        ),
        "lifecycle policy": differing(
            rules_by_priority(template.lifecycle.document() if template.lifecycle else None),
            rules_by_priority(json.loads(lifecycle) if lifecycle else None),
        ),
        "repository policy": differing(
            statements_by_sid(policy_document(template.policy(spec.place))),
            statements_by_sid(json.loads(policy) if policy else None),
        ),
        "tags": (pairs(template.tags.items()), pairs(own_tags(found["ResourceTags"]))),
        "description": (template.description or NONE, found["Description"] or NONE),
        "role": (_set(template.requires_role), _set(found["CustomRoleArn"])),
    }
    yield from (Check(subject, what, *values) for what, values in rows.items())


def _cache(cache: PullThroughCache, account: str, reading: Reading) -> Iterator[Check]:
    subject = f"pull-through cache {cache.prefix}"
    found = reader.cache_of(reading, cache.prefix)
    if found is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    rows = {
        "upstream": (cache.upstream, found["UpstreamRegistry"] or MISSING),
        "host": (cache.url, found["UpstreamRegistryUrl"] or MISSING),
        "upstream prefix": (
            cache.upstream_prefix or "ROOT",
            found["UpstreamRepositoryPrefix"] or "ROOT",
        ),
        "secret": (cache.secret_arn or NONE, found["CredentialArn"] or NONE),
        "role": _role(cache, account, found["CustomRoleArn"]),
    }
    yield from (Check(subject, what, *values) for what, values in rows.items())


def _role(cache: PullThroughCache, account: str, found: str | None) -> tuple[str, str]:
    if cache.role_arn:
        return cache.role_arn, found or NONE
    return _set(cache.crosses_accounts(account)), _set(found)


def _by(rules: Iterable[Mapping[str, Any]], key: Any) -> dict[str, str]:
    return {key(rule): listed(_filters(rule)) for rule in rules}


def _filters(rule: Mapping[str, Any]) -> Sequence[str]:
    return [one["Filter"] for one in rule["RepositoryFilters"]]


def _set(value: object) -> str:
    return "set" if value else NONE
