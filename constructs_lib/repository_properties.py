"""The properties of a repository's resource, as the CDK takes them."""

from functools import lru_cache
from typing import Any

from aws_cdk import aws_ecr as ecr

from .rules.ecr.tag_immutability import TagImmutability

# Properties that many repositories share are created once, because each one is a call into Node.
# The caches are bounded, because there can be any number of policies and keys.


@lru_cache(maxsize=64)
def encryption_property(
    kind: str, key_arn: str | None
) -> ecr.CfnRepository.EncryptionConfigurationProperty | None:
    """Return the encryption; none for ECR's own."""
    # AES256 is ECR's default. Naming it would replace an imported repository.
    if kind == "aes256":
        return None
    return ecr.CfnRepository.EncryptionConfigurationProperty(
        encryption_type="KMS_DSSE" if kind == "dsse" else "KMS", kms_key=key_arn
    )


@lru_cache(maxsize=2)
def scanning_property(
    *, scan_on_push: bool
) -> ecr.CfnRepository.ImageScanningConfigurationProperty:
    """Return whether images are scanned on push."""
    return ecr.CfnRepository.ImageScanningConfigurationProperty(scan_on_push=scan_on_push)


@lru_cache(maxsize=64)
def lifecycle_property(text: str) -> ecr.CfnRepository.LifecyclePolicyProperty:
    """Return the lifecycle policy with a text."""
    return ecr.CfnRepository.LifecyclePolicyProperty(lifecycle_policy_text=text)


def filters_property(tag_immutability: TagImmutability) -> list[dict[str, Any]] | None:
    """Return the tags that are exempt from immutability, or from its opposite."""
    return [
        {
            "imageTagMutabilityExclusionFilterType": "WILDCARD",
            "imageTagMutabilityExclusionFilterValue": value,
        }
        for value in tag_immutability.exclusion_filters
    ] or None
