"""Image scanning of a registry.

Sources: Amazon ECR API reference, "PutRegistryScanningConfiguration"; Amazon ECR user guide, "Scan
images for software vulnerabilities in Amazon ECR".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from constructs_lib.rules.faults import (
    Fault,
    faults_unless,
    raise_if_any,
    repeated,
    under,
    word_faults,
)
from constructs_lib.rules.list_of import ListOf

from .filters import EVERYTHING, filters_faults, matches_any, scanning_pattern

ScanType = Literal["BASIC", "ENHANCED"]
ScanFrequency = Literal["SCAN_ON_PUSH", "CONTINUOUS_SCAN"]
SCAN_TYPES: tuple[ScanType, ...] = get_args(ScanType)
SCAN_FREQUENCIES: tuple[ScanFrequency, ...] = get_args(ScanFrequency)
MAXIMUM_RULES = {"BASIC": 1, "ENHANCED": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanningRule:
    """A rule that selects repositories whose images are scanned.

    :param filters: 1 to 100 repository names with at most four ``*`` each. A filter without ``*``
        matches every name that contains it. By default every repository.
    :param frequency: ``SCAN_ON_PUSH`` (the default), or with enhanced scanning
        ``CONTINUOUS_SCAN``, which scans again when a vulnerability becomes known.
    :raises RuleError: with every rule that is broken.
    """

    filters: ListOf[str] = (EVERYTHING,)
    frequency: ScanFrequency = "SCAN_ON_PUSH"

    def __post_init__(self) -> None:
        faults = [
            *filters_faults("scanning", self.filters),
            *word_faults("frequency", self.frequency, SCAN_FREQUENCIES),
        ]
        raise_if_any("ScanningRule", faults)

    def covers(self, name: str) -> bool:
        """Return whether the rule selects a repository.

        >>> ScanningRule(filters=("prod",)).covers("reproduction/api")
        True
        """
        return matches_any(map(scanning_pattern, self.filters), name)


_EVERYTHING_ON_PUSH = ScanningRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryScanning:
    """The scanning of a registry's images, which overrides the setting of each repository.

    :param scan_type: ``BASIC`` (the default, without charge), or ``ENHANCED``: Amazon Inspector
        scans also packages of programming languages.
    :param rules: one rule with basic scanning; with enhanced scanning up to two, each with
        another frequency. By default one rule that scans every image when it is pushed.
    :raises RuleError: with every rule that is broken.
    """

    scan_type: ScanType = "BASIC"
    rules: ListOf[ScanningRule] = (_EVERYTHING_ON_PUSH,)

    def __post_init__(self) -> None:
        raise_if_any("RegistryScanning", _scanning_faults(self.scan_type, self.rules))

    def covers(self, name: str) -> bool:
        """Return whether a rule selects a repository."""
        return any(rule.covers(name) for rule in self.rules)


def _scanning_faults(scan_type: str, rules: Sequence[ScanningRule]) -> Iterator[Fault]:
    yield from word_faults("scan_type", scan_type, SCAN_TYPES)
    if scan_type not in SCAN_TYPES:
        return
    if not rules:
        yield Fault(
            "rules",
            "scanning requires at least one rule, got none, so no image would be scanned. Add "
            "one with the filter '*', or remove scanning to leave the registry's as it is.",
        )
    most = MAXIMUM_RULES[scan_type]
    yield from faults_unless(
        len(rules) <= most,
        f"{scan_type.lower()} scanning takes at most {most} {'rule' if most == 1 else 'rules'}, "
        f"got {len(rules)}. Write the filters of one frequency in one rule.",
        path="rules",
    )
    for index, rule in enumerate(rules):
        if scan_type == "BASIC":
            message = "continuous scanning requires scan_type ENHANCED, got BASIC. Write ENHANCED."
            is_on_push = rule.frequency == "SCAN_ON_PUSH"
            yield from under(
                f"rules[{index}]", faults_unless(is_on_push, message, path="frequency")
            )
    if scan_type == "ENHANCED":
        for index, frequency, first in repeated(
            (index, rule.frequency) for index, rule in enumerate(rules)
        ):
            yield Fault(
                f"rules[{index}].frequency",
                f"a frequency can be in one rule, got {frequency} also in rules[{first}]. Write "
                "the filters of both in one rule.",
            )
