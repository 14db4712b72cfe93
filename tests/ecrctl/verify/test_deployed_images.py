"""The images of deployed workloads, which a task that is replaced must be able to pull again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from constructs_lib.rules.ecr.images import ImageSpec
from ecrctl.verify.check import Check
from ecrctl.verify.images import check_deployed_image
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.verify.loading import ACCOUNT, DIGEST, REGION, always, missing

OTHER_ACCOUNT = "222222222222"
OWN = ImageSpec(account=ACCOUNT, region=REGION, repository="team/api", tag=None, digest=DIGEST)
FOREIGN = replace(OWN, account=OTHER_ACCOUNT)


def rows(image: ImageSpec, ecr: StubClient) -> list[Check]:
    """Return the checks of an image that a workload of the environment runs."""
    return list(check_deployed_image(image, ACCOUNT, stub_aws(ecr=ecr)))


def refusing(code: str) -> StubClient:
    """Return a registry that refuses to describe its images."""
    return StubClient(describe_images=missing("DescribeImages", code))


@pytest.mark.parametrize("image", [OWN, FOREIGN])
def test_a_deployed_image_is_looked_up_in_the_registry_of_its_account(image: ImageSpec) -> None:
    ecr = StubClient(describe_images=always({"imageDetails": [{"imageDigest": DIGEST}]}))
    subject = f"image {image.account}/{REGION}/team/api"
    assert rows(image, ecr) == [Check(subject, "in its registry", DIGEST, DIGEST)]
    assert ecr.requests[0][1]["registryId"] == image.account


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_a_registry_of_another_account_that_denies_reading_is_not_compared(code: str) -> None:
    assert rows(FOREIGN, refusing(code)) == [
        Check.not_compared(
            f"image {OTHER_ACCOUNT}/{REGION}/team/api",
            "in its registry",
            f"the credentials may not read the registry of {OTHER_ACCOUNT}",
        )
    ]


@pytest.mark.parametrize(
    ("image", "code"), [(OWN, "AccessDeniedException"), (FOREIGN, "ThrottlingException")]
)
def test_every_other_refusal_of_a_registry_is_an_error(image: ImageSpec, code: str) -> None:
    with pytest.raises(ClientError, match=code):
        rows(image, refusing(code))
