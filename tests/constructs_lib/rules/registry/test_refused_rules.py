"""Refused settings of scanning, replication, signing and exclusions."""

from __future__ import annotations

import pytest

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.registry.replication import ReplicationRule
from constructs_lib.rules.registry.scanning import RegistryScanning, ScanningRule
from constructs_lib.rules.registry.signing import SigningRule
from tests.constructs_lib.rules.registry.settings import (
    AWAY,
    CHINA,
    HOME,
    OTHER,
    PROFILE,
    ROLE,
    Make,
    faults_of,
    places,
    registry,
    replicated,
)

REFUSED: list[tuple[Make, tuple[str, ...]]] = [
    (
        lambda: ScanningRule(filters=()),
        (
            "filters: a scanning rule requires at least one filter, got none. Write '*' for "
            "all repositories, or remove the rule.",
        ),
    ),
    (
        lambda: ScanningRule(filters=("Team",)),
        (
            "filters[0]: a scanning filter must have 1 to 255 lower-case letters, digits and "
            "'*', joined by '/', '-', '_' or '.', got 'Team'. Write it like 'team/*'.",
        ),
    ),
    (
        lambda: ScanningRule(filters=("a" * 256,)),
        (
            "filters[0]: a scanning filter must have 1 to 255 lower-case letters, digits and "
            "'*', joined by '/', '-', '_' or '.', got "
            "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'. "
            "Write it like 'team/*'.",
        ),
    ),
    (
        lambda: ScanningRule(filters=("*a*b*c*d*",)),
        (
            "filters[0]: a scanning filter can have at most 4 '*', got 5 in '*a*b*c*d*'. Use "
            "fewer wildcards.",
        ),
    ),
    (
        lambda: ScanningRule(filters=("a", "a")),
        ("filters[1]: a filter must be unique in its rule, got 'a' twice. Remove one.",),
    ),
    (
        lambda: ScanningRule(filters=tuple(f"a{index}" for index in range(101))),
        (
            "filters: a scanning rule can have at most 100 filters, got 101. Merge some with a "
            "wildcard, such as 'team/*'.",
        ),
    ),
    (
        lambda: ScanningRule(frequency="MANUAL"),  # type: ignore[arg-type]
        ("frequency: frequency must be one of SCAN_ON_PUSH, CONTINUOUS_SCAN, got 'MANUAL'.",),
    ),
    (
        lambda: RegistryScanning(scan_type="CLAIR"),  # type: ignore[arg-type]
        ("scan_type: scan_type must be one of BASIC, ENHANCED, got 'CLAIR'.",),
    ),
    (
        lambda: RegistryScanning(rules=()),
        (
            "rules: scanning requires at least one rule, got none, so no image would be "
            "scanned. Add one with the filter '*', or remove scanning to leave the registry's "
            "as it is.",
        ),
    ),
    (
        lambda: RegistryScanning(rules=(ScanningRule(), ScanningRule(filters=("a",)))),
        (
            "rules: basic scanning takes at most 1 rule, got 2. Write the filters of one "
            "frequency in one rule.",
        ),
    ),
    (
        lambda: RegistryScanning(rules=(ScanningRule(frequency="CONTINUOUS_SCAN"),)),
        (
            "rules[0].frequency: continuous scanning requires scan_type ENHANCED, got BASIC. "
            "Write ENHANCED.",
        ),
    ),
    (
        lambda: RegistryScanning(
            scan_type="ENHANCED", rules=(ScanningRule(), ScanningRule(filters=("a",)))
        ),
        (
            "rules[1].frequency: a frequency can be in one rule, got SCAN_ON_PUSH also in "
            "rules[0]. Write the filters of both in one rule.",
        ),
    ),
    (
        lambda: RegistryScanning(
            scan_type="ENHANCED",
            rules=(
                ScanningRule(),
                ScanningRule(frequency="CONTINUOUS_SCAN"),
                ScanningRule(filters=("a",), frequency="CONTINUOUS_SCAN"),
            ),
        ),
        (
            "rules: enhanced scanning takes at most 2 rules, got 3. Write the filters of one "
            "frequency in one rule.",
            "rules[2].frequency: a frequency can be in one rule, got CONTINUOUS_SCAN also in "
            "rules[1]. Write the filters of both in one rule.",
        ),
    ),
    (
        lambda: ReplicationRule(destinations=(AWAY,), filters=()),
        (
            "filters: a replication rule requires at least one filter, got none. Write "
            "'team/', or '*' for every repository.",
        ),
    ),
    (
        lambda: replicated("team/*"),
        (
            "filters[0]: a replication filter is the beginning of a name and has no wildcards, "
            "got 'team/*'. Write 'team/'.",
        ),
    ),
    (
        lambda: replicated("Team/"),
        (
            "filters[0]: a replication filter must have 2 to 256 lower-case letters and "
            "digits, joined by '/', '-', '_' or '.', got 'Team/'. Write it like 'team/'.",
        ),
    ),
    (
        lambda: replicated("t"),
        (
            "filters[0]: a replication filter must have 2 to 256 lower-case letters and "
            "digits, joined by '/', '-', '_' or '.', got 't'. Write it like 'team/'.",
        ),
    ),
    (
        lambda: replicated("t" * 257),
        (
            "filters[0]: a replication filter must have 2 to 256 lower-case letters and "
            "digits, joined by '/', '-', '_' or '.', got "
            "'tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt'. "
            "Write it like 'team/'.",
        ),
    ),
    (
        lambda: replicated("team/", "team/"),
        ("filters[1]: a filter must be unique in its rule, got 'team/' twice. Remove one.",),
    ),
    (
        lambda: replicated("team/", "team/api"),
        (
            "filters[1]: the filter 'team/' selects all that 'team/api' selects. Remove one of "
            "them.",
        ),
    ),
    (
        lambda: replicated("*", "team/"),
        ("filters[1]: the filter '*' selects all that 'team/' selects. Remove one of them.",),
    ),
    (
        lambda: replicated(*(f"a{index:03}" for index in range(101))),
        (
            "filters: a replication rule can have at most 100 filters, got 101. Write a common "
            "beginning such as 'team/'.",
        ),
    ),
    (
        lambda: replicated("team/", to=()),
        (
            "destinations: a replication rule requires at least one destination, got none. Add "
            "one, or remove the rule.",
        ),
    ),
    (
        lambda: replicated("team/", to=(AWAY, AWAY)),
        (
            "destinations[1]: a destination can be in a rule once, got account 111111111111 in "
            "eu-west-1 twice. Remove one.",
        ),
    ),
    (
        lambda: replicated("team/", to=(Place.of("12", "eu"),)),
        (
            "destinations[0]: an AWS account number has 12 digits, got '12'. Write all of "
            "them, in quotes, leading zeros included.",
            "destinations[0]: 'eu' is not a region's name. Write one such as 'us-west-2'.",
        ),
    ),
    (
        lambda: registry(replication=(replicated("team/", to=(HOME,)),)),
        (
            "replication[0].destinations[0]: a registry cannot be replicated onto itself, got "
            "account 111111111111 in us-west-2. Write another account or region.",
        ),
    ),
    (
        lambda: registry(replication=(replicated("team/", to=(CHINA,)),)),
        (
            "replication[0].destinations[0]: a registry of the partition aws cannot be "
            "replicated into aws-cn, got account 111111111111 in cn-north-1. Copy with `ecrctl "
            "promote`.",
        ),
    ),
    (
        lambda: registry(replication=(replicated("team/"), replicated("team/api"))),
        (
            "replication[1].filters: the filters 'team/api' and 'team/' of replication[0] select "
            "the same repositories for account 111111111111 in eu-west-1. Remove one of them.",
        ),
    ),
    (
        lambda: registry(replication=tuple(replicated(f"a{index:02}") for index in range(11))),
        (
            "replication: a registry can have at most 10 replication rules, got 11. Write the "
            "filters of one destination in one rule.",
        ),
    ),
    (
        lambda: registry(replication=(replicated("team/", to=places(26)),)),
        (
            "replication: a registry can be replicated to at most 25 destinations, got 26. Let "
            "workloads in the others pull from a near registry.",
        ),
    ),
    (
        lambda: SigningRule(filters=()),
        (
            "filters: a signing rule requires at least one filter, got none. Write '*' for all "
            "repositories, or remove the rule.",
        ),
    ),
    (
        lambda: SigningRule(filters=("team//api",)),
        (
            "filters[0]: a signing filter must have 1 to 256 lower-case letters, digits and "
            "'*', joined by '/', '-', '_' or '.', got 'team//api'. Write it like 'team/*'.",
        ),
    ),
    (
        lambda: SigningRule(filters=("a" * 257,)),
        (
            "filters[0]: a signing filter must have 1 to 256 lower-case letters, digits and "
            "'*', joined by '/', '-', '_' or '.', got "
            "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'. "
            "Write it like 'team/*'.",
        ),
    ),
    (
        lambda: SigningRule(filters=tuple(f"a{index}" for index in range(101))),
        (
            "filters: a signing rule can have at most 100 filters, got 101. Merge some with a "
            "wildcard, such as 'team/*'.",
        ),
    ),
    (
        lambda: SigningRule(profile_arn="images"),
        (
            "profile_arn: 'images' is not the ARN of a signing profile. Write it like "
            "'arn:aws:signer:us-west-2:111111111111:/signing-profiles/images'.",
        ),
    ),
    (
        lambda: SigningRule(validity_months=0),
        ("validity_months: validity_months must be 1 to 135, got 0. Write 12 for a year.",),
    ),
    (
        lambda: SigningRule(validity_months=136),
        ("validity_months: validity_months must be 1 to 135, got 136. Write 12 for a year.",),
    ),
    (
        lambda: SigningRule(profile_arn=PROFILE, validity_months=12),
        (
            "validity_months: validity_months is for a new profile, and profile_arn names an "
            "existing one. Remove one of the two.",
        ),
    ),
    (
        lambda: registry(
            signing=(SigningRule(profile_arn=PROFILE.replace("us-west-2", "eu-west-1")),)
        ),
        (
            "signing[0].profile_arn: a signing profile must be in the registry's region "
            "us-west-2, got one in eu-west-1. Write a profile of us-west-2.",
        ),
    ),
    (
        lambda: registry(signing=tuple(SigningRule(filters=(f"a{index}",)) for index in range(11))),
        (
            "signing: a registry can have at most 10 signing rules, got 11. Write the filters "
            "of one profile in one rule.",
        ),
    ),
    (
        lambda: registry(exclusions=("arn:aws:iam::111111111111:role/*",)),
        (
            "exclusions[0]: an excluded principal must be the ARN of a role or user, of at "
            "most 200 characters and without a wildcard, got "
            "'arn:aws:iam::111111111111:role/*'. Write it like "
            "'arn:aws:iam::111111111111:role/scanner'.",
        ),
    ),
    (
        lambda: registry(exclusions=(f"{ROLE}-{'x' * 200}",)),
        (
            "exclusions[0]: an excluded principal must be the ARN of a role or user, of at "
            "most 200 characters and without a wildcard, got "
            "'arn:aws:iam::111111111111:role/scanner-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'. "
            "Write it like 'arn:aws:iam::111111111111:role/scanner'.",
        ),
    ),
    (
        lambda: registry(exclusions=(ROLE, ROLE)),
        (
            "exclusions[1]: a principal can be excluded once, got "
            "'arn:aws:iam::111111111111:role/scanner' twice. Remove one.",
        ),
    ),
]

ACCEPTED: list[Make] = [
    lambda: ScanningRule(filters=("a" * 255, "*a*b*c*")),
    lambda: ScanningRule(filters=tuple(f"a{index}" for index in range(100))),
    lambda: RegistryScanning(
        scan_type="ENHANCED", rules=(ScanningRule(), ScanningRule(frequency="CONTINUOUS_SCAN"))
    ),
    lambda: replicated("te", "a" * 256),
    lambda: replicated("*"),
    lambda: replicated(*(f"a{index:03}" for index in range(100))),
    lambda: registry(replication=tuple(replicated(f"a{index}") for index in range(10))),
    lambda: registry(
        replication=(replicated("team/", to=places(25)), replicated("tool/", to=places(25)))
    ),
    lambda: registry(replication=(replicated("team/"), replicated("team/", to=(OTHER,)))),
    lambda: SigningRule(filters=("a" * 256, "team/*")),
    lambda: SigningRule(validity_months=1),
    lambda: SigningRule(validity_months=135),
    lambda: registry(signing=tuple(SigningRule(filters=(f"a{index}",)) for index in range(10))),
    lambda: registry(exclusions=(ROLE, f"{ROLE}-{'x' * (199 - len(ROLE))}")),
]


@pytest.mark.parametrize(("make", "faults"), REFUSED)
def test_a_setting_that_ecr_would_refuse_is_refused(make: Make, faults: tuple[str, ...]) -> None:
    assert faults_of(make) == faults


@pytest.mark.parametrize("make", ACCEPTED)
def test_a_setting_just_inside_a_limit_does_not_raise(make: Make) -> None:
    assert make() is not None
