"""References of images on ECR."""

from __future__ import annotations

import pytest

from ecrctl.images.dockerfiles.references import EcrReference, can_be_ecr, ecr_reference

DIGEST = "sha256:" + "a" * 64
HOST = "111111111111.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("host", "region"),
    [
        (HOST, "eu-west-1"),
        (f"{HOST}:443", "eu-west-1"),
        ("111111111111.dkr.ecr-fips.us-east-1.amazonaws.com", "us-east-1"),
        ("111111111111.dkr.ecr.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("111111111111.dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        ("111111111111.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
        ("111111111111.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"),
        ("111111111111.dkr.ecr.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"),
        ("111111111111.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1"),
        ("111111111111.dkr-ecr.eu-west-1.on.aws", "eu-west-1"),
        ("111111111111.dkr-ecr-fips.us-east-2.on.aws", "us-east-2"),
        ("111111111111.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "cn-north-1"),
    ],
)
def test_a_private_registry_has_its_account_and_region(host: str, region: str) -> None:
    text = f"{host}/team/api:v1@{DIGEST}"
    expected = EcrReference(text, "111111111111", region, "team/api", "v1", DIGEST)
    assert ecr_reference(text) == expected


@pytest.mark.parametrize("host", ["public.ecr.aws", "ecr-public.aws.com"])
def test_a_public_registry_has_no_account(host: str) -> None:
    text = f"{host}/docker/library/busybox:1"
    assert ecr_reference(text) == EcrReference(text, repository="docker/library/busybox", tag="1")


@pytest.mark.parametrize(
    "text",
    [
        "alpine",
        "alpine:3",
        "ghcr.io/a/b:1",
        "localhost:5000/a",
        "registry.example/dkr/ecr/a",
        f"docker.io/{HOST}/a",
    ],
)
def test_an_image_of_another_registry_is_none(text: str) -> None:
    assert ecr_reference(text) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"https://{HOST}/a:1", "a reference has no scheme such as https://"),
        (HOST, "the repository is missing"),
        (f"{HOST}/", "the repository is missing"),
        (f"{HOST}/Team/Api:1", "a repository's name must consist of lower-case letters"),
        (f"{HOST}/aa:", "an image tag must have 1 to 128 letters"),
        (f"{HOST}/aa:v1:v2", "an image tag must have 1 to 128 letters"),
        (f"{HOST}/aa@latest", "an image digest must be 'sha256:' and 64"),
        (f"{HOST}/aa@{DIGEST[:-1]}", "an image digest must be 'sha256:' and 64"),
        ("<account>.dkr.ecr.<region>.amazonaws.com/a:1", "the host must be ACCOUNT.dkr.ecr."),
        ("aws_account_id.dkr.ecr.us-east-1.amazonaws.com/a:1", "the host must be ACCOUNT.dkr"),
        ("1234.dkr.ecr.us-east-1.amazonaws.com/a:1", "the host must be ACCOUNT.dkr.ecr."),
        (f"{HOST}.example/a:1", "the host must be ACCOUNT.dkr.ecr."),
        ("111111111111.dkr.ecr.europe.amazonaws.com/a:1", "'europe' is no region"),
        ("public.ecr.aws/a/b:-", "an image tag must have 1 to 128 letters"),
    ],
)
def test_a_reference_that_breaks_a_rule_has_the_rule(text: str, problem: str) -> None:
    found = ecr_reference(text)
    assert found
    assert found.problem.startswith(problem)


@pytest.mark.parametrize(
    ("beginning", "can"),
    [("", True), ("11", True), (f"{HOST}/a:", True), ("node:", False), ("ghcr.io/", False)],
)
def test_a_beginning_tells_whether_an_image_can_be_on_ecr(beginning: str, *, can: bool) -> None:
    assert can_be_ecr(beginning) is can
