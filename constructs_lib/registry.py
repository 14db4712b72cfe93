"""The private registry of an account in a region."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import Construct

from .cdk_types import Key
from .encryption import arn_of
from .registry_claims import claim
from .repository_key import RepositoryKey
from .rules.faults import Fault, RuleError, reported_by
from .rules.policy.statements import policy_document
from .rules.registry.creation_templates import CreationTemplate
from .rules.registry.pull_through import PullThroughCache, put_secret_command
from .rules.registry.registry import NO_POLICY, ON_PUSH, RegistrySpec
from .rules.registry.registry_policy import RegistryPolicy
from .rules.registry.replication import EVERYTHING, ReplicationRule
from .rules.registry.roles import (
    CREATION_SERVICE,
    IMPORT_SERVICE,
    creation_statements,
    import_statements,
    upstream_statement,
)
from .rules.registry.scanning import RegistryScanning
from .rules.registry.signing import PLATFORM, SIGN_ACTION, SigningRule
from .stack_facts import facts_of, is_token, stack_of


class Registry(Construct):
    """Define the settings of an account's private registry in a region.

    By default every pushed image is scanned, which stays so when the stack is deleted: deleting the
    setting would also switch Amazon Inspector off for the account. Each pull-through cache has a
    creation template, so its repositories are encrypted and have a lifecycle policy and tags that
    cannot move. The registry policy has one statement for each permission, with the repositories
    in Resource.

    An account has one registry policy, scanning, replication and signing configuration in a region.
    A second one in the app is refused: the stack deployed last would overwrite the other, or fail.
    Prefixes, and the settings of a cache, are create-only.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param scanning: by default a basic scan of every image that is pushed. ``None`` declares no
        scanning and leaves the registry's as it is.
    :param replication: rules that copy pushed images to other registries, at most 10; by default
        none. A registry of another account must allow it: ``RegistryPolicy(replication=)``.
    :param caches: pull-through caches, at most 50; by default none.
    :param templates: settings of repositories that ECR creates for a push, a replication or a
        cache; by default those of ``caches``.
    :param signing: rules that sign pushed images, at most 10; by default none. Signing requires a
        permission of the principal that pushes: see ``grant_signing``.
    :param exclusions: ARNs of roles and users whose pulls do not count as a use of an image, such
        as a scanner's; by default none.
    :param policy: the registry policy, besides the statements for ``caches``; by default none.
        Permissions to pull require the registry policy scope V2 of the account.
    :param blob_mounting: whether a push reuses layers that another repository with the same
        encryption and key has, which a Lambda function sets. ``None``, the default, leaves the
        account's setting as it is, and so does the deletion of the stack.
    :param key: the KMS key of repositories that ECR creates; by default the key that the
        repositories of this stack share.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``statements`` are those of the registry policy; ``upstream_statements`` are the
    statements that owners of other registries must add for caches of them; ``signing_profile_arns``
    are the profiles of ``signing``, in the same order.

    Sources: Amazon ECR user guide, "Private registry settings in Amazon ECR"; CloudFormation,
    "AWS::ECR::RegistryPolicy" and the other settings of a registry.

    >>> from constructs_lib import PullThroughCache
    >>> stack = cdk.Stack(cdk.App(), "Registry")
    >>> quay = PullThroughCache(prefix="quay", upstream="quay")
    >>> Registry(stack, "Settings", caches=[quay]).repository_name("quay", "prometheus/prometheus")
    'quay/prometheus/prometheus'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        scanning: RegistryScanning | None = ON_PUSH,
        replication: Sequence[ReplicationRule] = (),
        caches: Sequence[PullThroughCache] = (),
        templates: Sequence[CreationTemplate] = (),
        signing: Sequence[SigningRule] = (),
        exclusions: Sequence[str] = (),
        policy: RegistryPolicy = NO_POLICY,
        blob_mounting: bool | None = None,
        key: Key | None = None,
    ) -> None:
        stack = stack_of(scope)
        with reported_by(f"Registry '{construct_id}'"):
            spec = RegistrySpec(
                place=facts_of(stack),
                scanning=scanning,
                replication=tuple(replication),
                caches=tuple(caches),
                templates=tuple(templates),
                signing=tuple(signing),
                exclusions=tuple(exclusions),
                policy=policy,
                blob_mounting=blob_mounting,
            )
        claim(scope, construct_id, spec)
        super().__init__(scope, construct_id)
        self._spec = spec
        self._key = key
        self.statements = spec.statements
        self.upstream_statements: list[dict[str, Any]] = []
        made = self._templates()
        self._caches(made)
        self._policy(made)
        self._scanning()
        self._replication()
        self.signing_profile_arns = self._signing()
        self._blob_mounting()
        for arn in spec.exclusions:
            name = arn.partition(":iam::")[2].replace("/", "%2F")
            ecr.CfnPullTimeUpdateExclusion(self, f"Exclusion-{name}", principal_arn=arn)

    def repository_name(self, prefix: str, upstream_repository: str) -> str:
        """Return the name of the repository behind a cache, such as ``docker-hub/library/nginx``.

        :raises ValueError: when there is no cache of that prefix.
        """
        cache = self._spec.cache(prefix)
        if cache is None:
            known = ", ".join(one.prefix for one in self._spec.caches) or "none"
            message = f"there is no cache with the prefix '{prefix[:80]}'. Known: {known}."
            raise RuleError(f"Registry '{self.node.id}'", [Fault("", message)])
        return cache.repository_name(upstream_repository)

    def grant_signing(
        self, grantee: iam.IGrantable, *, repository_name: str | None = None
    ) -> iam.Grant | None:
        """Allow a principal that pushes to sign; ``None`` if no rule signs what it pushes.

        :param repository_name: the only repository it pushes to; by default all of them.
        """
        arns = [
            arn
            for rule, arn in zip(self._spec.signing, self.signing_profile_arns, strict=True)
            if repository_name is None or rule.covers(repository_name)
        ]
        if not arns:
            return None
        return iam.Grant.add_to_principal(
            grantee=grantee, actions=[SIGN_ACTION], resource_arns=arns
        )

    def _templates(self) -> dict[str, ecr.CfnRepositoryCreationTemplate]:
        """Return each template's resource by its prefix."""
        templates, place = self._spec.all_templates, self._spec.place
        keys = {one.prefix: self._key_arn(one) for one in templates}
        role = None
        if any(one.requires_role for one in templates):
            named = [(one, keys[one.prefix]) for one in templates if one.requires_role]
            role = iam.Role(
                self,
                "CreationRole",
                assumed_by=iam.ServicePrincipal(CREATION_SERVICE),
                description="Creates repositories with a key or tags for Amazon ECR",
                inline_policies={"Create": _document(creation_statements(named, place))},
            )
        return {
            one.prefix: self._template(one, keys[one.prefix], role if one.requires_role else None)
            for one in templates
        }

    def _template(
        self, template: CreationTemplate, key_arn: str | None, role: iam.IRole | None
    ) -> ecr.CfnRepositoryCreationTemplate:
        statements = template.policy(self._spec.place)
        return ecr.CfnRepositoryCreationTemplate(
            self,
            f"Template-{_id_of(template.prefix)}",
            prefix=template.prefix,
            applied_for=list(template.applied_for),
            description=template.description,
            encryption_configuration=_encryption(template, key_arn),
            image_tag_mutability=template.tag_immutability.mode,
            image_tag_mutability_exclusion_filters=[
                {
                    "imageTagMutabilityExclusionFilterType": "WILDCARD",
                    "imageTagMutabilityExclusionFilterValue": value,
                }
                for value in template.tag_immutability.exclusion_filters
            ]
            or None,
            lifecycle_policy=template.lifecycle.text() if template.lifecycle else None,
            repository_policy=_text(stack_of(self), policy_document(statements)),
            resource_tags=[
                cdk.CfnTag(key=key, value=value) for key, value in sorted(template.tags.items())
            ]
            or None,
            custom_role_arn=role.role_arn if role else None,
        )

    def _key_arn(self, template: CreationTemplate) -> str | None:
        encryption = template.encryption
        if not encryption.uses_shared_key:
            return encryption.key_arn
        return arn_of(self._key or RepositoryKey.shared_in(stack_of(self)).key)

    def _caches(self, templates: dict[str, ecr.CfnRepositoryCreationTemplate]) -> None:
        place = self._spec.place
        for cache in self._spec.caches:
            name = _id_of(cache.prefix)
            rule = ecr.CfnPullThroughCacheRule(
                self,
                f"Cache-{name}",
                ecr_repository_prefix=cache.prefix,
                upstream_registry=cache.upstream,
                upstream_registry_url=cache.url,
                upstream_repository_prefix=cache.upstream_prefix,
                credential_arn=cache.secret_arn,
                custom_role_arn=self._import_role(cache),
            )
            # A pull before the template exists would create a repository with ECR's defaults.
            rule.add_resource_dependency(templates[cache.prefix])
            if cache.secret_arn:
                cdk.CfnOutput(
                    self,
                    f"SetSecret-{name}",
                    value=put_secret_command(cache.secret_arn, place.region),
                    description=f"Sets the user name and access token of the cache {cache.prefix}",
                )

    def _import_role(self, cache: PullThroughCache) -> str | None:
        if cache.role_arn or not cache.crosses_accounts(self._spec.place.account):
            return cache.role_arn
        name = _id_of(cache.prefix)
        role = iam.Role(
            self,
            f"ImportRole-{name}",
            assumed_by=iam.ServicePrincipal(IMPORT_SERVICE),
            description=f"Pulls from {cache.url} for a cache",
            inline_policies={"Import": _document(import_statements(cache, self._spec.place))},
        )
        statement = upstream_statement(role.role_arn)
        self.upstream_statements.append(statement)
        cdk.CfnOutput(
            self,
            f"OwnerMustAllow-{name}",
            value=str(_text(stack_of(self), statement)),
            description=f"A statement for the policies of repositories in {cache.url}",
        )
        return role.role_arn

    def _policy(self, templates: dict[str, ecr.CfnRepositoryCreationTemplate]) -> None:
        document = policy_document(self.statements)
        if document is None:
            return
        policy = ecr.CfnRegistryPolicy(self, "Policy", policy_text=document)
        # A replica that arrives before the template exists would have ECR's defaults.
        for template in templates.values():
            policy.add_resource_dependency(template)

    def _scanning(self) -> None:
        scanning = self._spec.scanning
        if scanning is None:
            return
        ecr.CfnRegistryScanningConfiguration(
            self,
            "Scanning",
            scan_type=scanning.scan_type,
            rules=[
                {
                    "scanFrequency": rule.frequency,
                    "repositoryFilters": _filters(rule.filters, "WILDCARD"),
                }
                for rule in scanning.rules
            ],
        ).apply_removal_policy(cdk.RemovalPolicy.RETAIN)

    def _replication(self) -> None:
        if not self._spec.replication:
            return
        rules = [
            {
                "destinations": [
                    {"region": place.region, "registryId": place.account}
                    for place in rule.destinations
                ],
                **(
                    {}
                    if rule.filters == (EVERYTHING,)
                    else {"repositoryFilters": _filters(rule.filters, "PREFIX_MATCH")}
                ),
            }
            for rule in self._spec.replication
        ]
        ecr.CfnReplicationConfiguration(
            self, "Replication", replication_configuration={"rules": rules}
        )

    def _blob_mounting(self) -> None:
        if self._spec.blob_mounting is None:
            return
        # Imported here, as few set it and every import takes time.
        from .blob_mounting import BlobMounting  # noqa: PLC0415

        BlobMounting(self, "BlobMounting", enabled=self._spec.blob_mounting)

    def _signing(self) -> list[str]:
        rules = self._spec.signing
        if not rules:
            return []
        # Imported here, as few sign and every import takes time.
        from aws_cdk import aws_signer as signer  # noqa: PLC0415

        arns: list[str] = []
        for index, rule in enumerate(rules):
            if rule.profile_arn:
                arns.append(rule.profile_arn)
                continue
            months = rule.validity_months
            profile = signer.CfnSigningProfile(
                self,
                f"Profile{index or ''}",
                platform_id=PLATFORM,
                signature_validity_period={"type": "MONTHS", "value": months} if months else None,
            )
            # The signatures of a profile that is cancelled can no longer be trusted.
            profile.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
            arns.append(profile.attr_arn)
        ecr.CfnSigningConfiguration(
            self,
            "Signing",
            rules=[
                {
                    "signingProfileArn": arn,
                    "repositoryFilters": _filters(rule.filters, "WILDCARD_MATCH"),
                }
                for rule, arn in zip(rules, arns, strict=True)
            ],
        )
        return arns


def _encryption(template: CreationTemplate, key_arn: str | None) -> dict[str, str]:
    kind = template.encryption.kind
    if kind == "aes256":
        return {"encryptionType": "AES256"}
    encryption_type = "KMS_DSSE" if kind == "dsse" else "KMS"
    return {"encryptionType": encryption_type, **({"kmsKey": key_arn} if key_arn else {})}


def _filters(filters: Sequence[str], kind: str) -> list[dict[str, str]]:
    return [{"filter": one, "filterType": kind} for one in filters]


def _document(statements: list[dict[str, Any]]) -> iam.PolicyDocument:
    return iam.PolicyDocument.from_json(policy_document(statements))


def _id_of(prefix: str) -> str:
    # A construct ID cannot contain a slash, and a prefix can contain every other separator.
    return prefix.replace("/", "%2F")


def _text(stack: cdk.Stack, document: dict[str, Any] | None) -> str | None:
    """Return a policy as text, in which the CDK replaces tokens."""
    if document is None:
        return None
    text = json.dumps(document, separators=(",", ":"))
    return stack.to_json_string(document) if is_token(text) else text
