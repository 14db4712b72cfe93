"""Managed signing: images that ECR signs when they are pushed, with AWS Signer.

Sources: Amazon ECR user guide, "Managed signing"; Amazon ECR API reference,
"PutSigningConfiguration"; AWS Signer API reference, "PutSigningProfile".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.aws.tokens import is_token
from constructs_lib.rules.faults import Fault, faults_unless, raise_if_any, range_faults
from constructs_lib.rules.list_of import ListOf

from .filters import EVERYTHING, filters_faults, matches_any

MAXIMUM_RULES = 10
LONGEST_VALIDITY_MONTHS = 135
LONGEST_PROFILE_ARN = 200
SIGN_ACTION = "signer:SignPayload"
PLATFORM = "Notation-OCI-SHA384-ECDSA"

PROFILE_ARN = re.compile(
    r"arn:aws(?:-[a-z]+)*:signer:([a-z0-9-]+):[0-9]{12}:/signing-profiles/[a-zA-Z0-9_]{2,}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRule:
    """A rule that signs each image which is pushed to some repositories.

    ECR signs as the principal that pushes, which requires ``signer:SignPayload`` on the profile.

    :param filters: 1 to 100 repository names with ``*``; by default every repository.
    :param profile_arn: an existing signing profile of AWS Signer; by default a new one.
    :param validity_months: the months that signatures of a new profile are valid, 1 to 135 (the
        default).
    :raises RuleError: with every rule that is broken.
    """

    filters: ListOf[str] = (EVERYTHING,)
    profile_arn: str | None = None
    validity_months: int | None = None

    def __post_init__(self) -> None:
        faults = [
            *filters_faults("signing", self.filters),
            *_profile_faults(self.profile_arn),
            *range_faults(
                "validity_months",
                self.validity_months,
                1,
                LONGEST_VALIDITY_MONTHS,
                "Write 12 for a year.",
                optional=True,
            ),
            *faults_unless(
                self.profile_arn is None or self.validity_months is None,
                "validity_months is for a new profile, and profile_arn names an existing one. "
                "Remove one of the two.",
                path="validity_months",
            ),
        ]
        raise_if_any("SigningRule", faults)

    def covers(self, name: str) -> bool:
        """Return whether the rule selects a repository."""
        return matches_any(self.filters, name)


def signing_faults(rules: Sequence[SigningRule], place: Place) -> Iterator[Fault]:
    """Yield the faults of a registry's signing rules together."""
    yield from faults_unless(
        len(rules) <= MAXIMUM_RULES,
        f"a registry can have at most {MAXIMUM_RULES} signing rules, got {len(rules)}. Write the "
        "filters of one profile in one rule.",
    )
    for index, rule in enumerate(rules):
        found = PROFILE_ARN.fullmatch(rule.profile_arn or "")
        if found and not is_token(place.region) and found[1] != place.region:
            yield Fault(
                f"[{index}].profile_arn",
                f"a signing profile must be in the registry's region {place.region}, got one in "
                f"{found[1]}. Write a profile of {place.region}.",
            )


def _profile_faults(arn: str | None) -> list[Fault]:
    return faults_unless(
        arn is None
        or is_token(arn)
        or (len(arn) <= LONGEST_PROFILE_ARN and PROFILE_ARN.fullmatch(arn)),
        f"'{str(arn)[:120]}' is not the ARN of a signing profile. Write it like "
        "'arn:aws:signer:us-west-2:111111111111:/signing-profiles/images'.",
        path="profile_arn",
    )
