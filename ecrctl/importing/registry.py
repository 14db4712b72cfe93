"""The settings of an account's private registry as ``registry:`` of an environment file.

Whatever the file cannot express is noted, as for repositories.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from checked_files.models import validated
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.policy.statements import statements_of
from constructs_lib.rules.registry.account_settings import blob_mounting_value
from constructs_lib.rules.registry.prefixes import ROOT
from constructs_lib.rules.registry.registry import ON_PUSH
from constructs_lib.rules.registry.replication import EVERYTHING
from constructs_lib.rules.registry.scanning import RegistryScanning, ScanningRule
from constructs_lib.rules.registry.upstreams import UPSTREAMS
from ecrctl.verify.readers import registry as reader
from ecrctl.verify.reading import Reading, UnansweredError
from environments.model.environment import EnvironmentModel

from .account import ExistingRepository
from .entries import Entry, EntryWriter, Keys, Note

_NOTED = "registry"
UNMANAGED: Entry = {"scanning": "unmanaged"}
# By the account and the region, the environment that is there.
Places = Mapping[tuple[str, str], str]
NOWHERE: Places = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingRegistry:
    """The settings of a registry, in CloudFormation's names.

    :param policy: the registry policy; ``None`` where there is none.
    :param mounts_blobs: whether a push reuses layers of other repositories.
    """

    scanning: Mapping[str, Any]
    replication: Sequence[Mapping[str, Any]]
    caches: Sequence[Mapping[str, Any]]
    templates: Sequence[Mapping[str, Any]]
    signing: Sequence[Mapping[str, Any]]
    exclusions: Sequence[str]
    policy: Mapping[str, Any] | None
    mounts_blobs: bool = False

    @property
    def prefixes(self) -> set[str]:
        """The prefixes of the caches."""
        return {one["EcrRepositoryPrefix"] for one in self.caches}


def existing_registry(reading: Reading) -> ExistingRegistry | None:
    """Return the settings of the registry; ``None`` where an emulator has none."""
    try:
        scanning, policy = reader.scanning_of(reading), reader.policy_of(reading)
        return ExistingRegistry(
            scanning=scanning,
            replication=reader.replication_of(reading),
            caches=reader.caches_of(reading),
            templates=reader.templates_of(reading),
            signing=reader.signing_of(reading),
            exclusions=reader.exclusions_of(reading),
            policy=json.loads(policy) if policy else None,
            mounts_blobs=reader.blob_mounting_of(reading) == blob_mounting_value(True),
        )
    except UnansweredError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryWriter:
    """A writer of ``registry:``, which notes whatever it cannot express.

    :param places: the environments by their account and region.
    :param notes: the list to which the notes are added.
    """

    registry: ExistingRegistry
    head: EnvironmentModel
    keys: Keys
    places: Places
    notes: list[Note]

    def setting(self) -> Entry:
        """Return the setting; empty where every part of the registry has ECR's default."""
        parts = {
            "replication": list(self._replication()),
            "caches": [self._cache(one) for one in self.registry.caches],
            "templates": list(self._templates()),
            "signing": [
                {"filters": _filters(rule), "profile_arn": rule["SigningProfileArn"]}
                for rule in self.registry.signing
            ],
            "exclusions": list(self.registry.exclusions),
            "policy": {"statements": list(statements_of(self.registry.policy))},
        }
        found = {name: part for name, part in parts.items() if part not in ([], {"statements": []})}
        scanning = self._scanning()
        # A deployment sets blob mounting, whatever it was before.
        mounting = {"blob_mounting": True} if self.registry.mounts_blobs else {}
        if found or scanning != UNMANAGED:
            self._note(
                "its settings exist outside of this environment's stacks",
                "a deployment would fail with AlreadyExists. Import them before the deployment, "
                "with `npx cdk import` of the stack Registry, which asks for identifiers: the "
                f"RegistryId is {self.head.account}.",
            )
        elif not mounting:
            return {}
        return {**scanning, **found, **mounting}

    def _note(self, what: str, then: str) -> None:
        self.notes.append(Note(repository=_NOTED, what=what, then=then))

    def _scanning(self) -> Entry:
        found = self.registry.scanning
        if not found["Rules"]:
            return dict(UNMANAGED)
        try:
            scanning = RegistryScanning(
                scan_type=found["ScanType"],
                rules=tuple(
                    ScanningRule(filters=tuple(_filters(rule)), frequency=rule["ScanFrequency"])
                    for rule in found["Rules"]
                ),
            )
        except RuleError as error:
            self._note(
                f"its scanning cannot be expressed in the file: {error.faults[0].message}",
                "the file leaves it as it is, with `scanning: unmanaged`.",
            )
            return dict(UNMANAGED)
        if scanning == ON_PUSH:
            return {}
        rules = [
            {"filters": list(rule.filters), "frequency": rule.frequency} for rule in scanning.rules
        ]
        return {"scanning": {"scan_type": scanning.scan_type, "rules": rules}}

    def _replication(self) -> Iterator[Entry]:
        for rule in self.registry.replication:
            destinations = []
            for one in rule["Destinations"]:
                place = (one["RegistryId"], one["Region"])
                if place in self.places:
                    destinations.append(self.places[place])
                    continue
                self._note(
                    f"it replicates to account {place[0]} in {place[1]}, of which there is no "
                    "environment",
                    "the destination is left out. Write an environment for it with `ecrctl init`, "
                    "then import again.",
                )
            if destinations:
                yield {"destinations": destinations, "filters": _filters(rule) or [EVERYTHING]}

    def _cache(self, cache: Mapping[str, Any]) -> Entry:
        prefix, upstream = cache["EcrRepositoryPrefix"], cache["UpstreamRegistry"]
        known = UPSTREAMS.get(upstream)
        given = {
            "secret_arn": cache["CredentialArn"],
            "host": None if known and known.url else cache["UpstreamRegistryUrl"],
            "upstream_prefix": cache["UpstreamRepositoryPrefix"],
            "role_arn": cache["CustomRoleArn"],
        }
        if given["upstream_prefix"] == ROOT:
            given["upstream_prefix"] = None
        entry = {"prefix": prefix, "upstream": upstream}
        entry |= {name: value for name, value in given.items() if value}
        template = next((one for one in self.registry.templates if one["Prefix"] == prefix), None)
        if template is None:
            self._note(
                f"its cache '{prefix}' has no creation template",
                "the next deployment makes one, so that new repositories are encrypted and have a "
                "lifecycle policy.",
            )
            return entry
        created = self._created(template)
        for name in ("pull", "push", "statements"):
            if created.pop(name, None) is not None:
                self._note(
                    f"the template of its cache '{prefix}' has a repository policy",
                    "the next deployment deletes it. Write the principals into the cache's pull.",
                )
        return entry | created

    def _templates(self) -> Iterator[Entry]:
        for template in self.registry.templates:
            if template["Prefix"] in self.registry.prefixes:
                continue
            description = template["Description"]
            yield {
                "prefix": template["Prefix"],
                "applied_for": list(template["AppliedFor"]),
                **self._created(template),
                **({"description": description} if description else {}),
            }

    def _created(self, template: Mapping[str, Any]) -> Entry:
        """Return the settings of repositories that ECR creates, as those of a repository."""
        prefix, encryption = template["Prefix"], template["EncryptionConfiguration"]
        policy, lifecycle = template["RepositoryPolicy"], template["LifecyclePolicy"]
        writer = EntryWriter(
            repository=ExistingRepository(
                name=f"{prefix}/*",
                immutability_mode=template["ImageTagMutability"] or "MUTABLE",
                exclusion_filters=tuple(
                    one["ImageTagMutabilityExclusionFilterValue"]
                    for one in template["ImageTagMutabilityExclusionFilters"]
                ),
                scan_on_push=self.head.repository_defaults.scan_on_push,
                encryption_type=encryption["EncryptionType"] or "AES256",
                kms_key=encryption["KmsKey"],
                policy=json.loads(policy) if policy else None,
                lifecycle=json.loads(lifecycle) if lifecycle else None,
                tags={one["Key"]: one["Value"] for one in template["ResourceTags"] or ()},
                stack=None,
            ),
            known={},
            head=self.head,
            keys=self.keys,
            notes=self.notes,
        )
        entry = writer.entry() or {}
        # An adopted repository states also that it has no statements.
        omitted = {"name", "adopted"} | ({"statements"} if not entry.get("statements") else set())
        return {name: value for name, value in entry.items() if name not in omitted}


def _filters(rule: Mapping[str, Any]) -> list[str]:
    return [one["Filter"] for one in rule["RepositoryFilters"]]


def registry_of(
    existing: ExistingRegistry | None,
    head: Mapping[str, Any],
    keys: Keys,
    places: Places,
    notes: list[Note],
) -> Entry:
    """Return ``registry:`` of a file that has none yet; empty where there is nothing to add."""
    if existing is None or "registry" in head:
        return {}
    writer = RegistryWriter(
        registry=existing,
        head=validated(EnvironmentModel, head),
        keys=keys,
        places=places,
        notes=notes,
    )
    setting = writer.setting()
    return {"registry": setting} if setting else {}
