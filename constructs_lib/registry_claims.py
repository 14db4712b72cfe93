"""The settings that a registry has once, and the construct of an app that declares each."""

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from constructs import Construct, IConstruct

from .rules.faults import Fault, raise_if_any
from .rules.registry.prefixes import pattern_under
from .rules.registry.registry import RegistrySpec
from .stack_facts import is_token

# The places of the settings that an account has once in a region, by app.
_CLAIMS: WeakKeyDictionary[IConstruct, dict[tuple[str, str, str], str]] = WeakKeyDictionary()


def claim(scope: Construct, construct_id: str, spec: RegistrySpec) -> None:
    """Raise if another construct of the app declares a setting of the same registry."""
    claims = _CLAIMS.setdefault(scope.node.root, {})
    # Stacks without an environment are deployed to the same account and region, as far as the app
    # knows.
    account, region = (
        "" if is_token(part) else part for part in (spec.place.account, spec.place.region)
    )
    path = f"{scope.node.path}/{construct_id}".lstrip("/")
    settings = [(account, region, setting) for setting in _settings(spec)]
    where = f"account {account or '(unknown)'} in {region or '(unknown)'}"
    raise_if_any(
        f"Registry '{construct_id}'",
        [
            Fault(
                "",
                f"{where} can have {setting[2]} once, got it in '{claims[setting]}' and in "
                f"'{path}'. Declare both in one of them.",
            )
            for setting in settings
            if setting in claims
        ],
    )
    claims.update(dict.fromkeys(settings, path))


def _settings(spec: RegistrySpec) -> Iterator[str]:
    if spec.scanning:
        yield "a scanning configuration"
    if spec.replication:
        yield "a replication configuration"
    if spec.signing:
        yield "a signing configuration"
    if spec.statements:
        yield "a registry policy"
    if spec.blob_mounting is not None:
        yield "a setting for blob mounting"
    for template in spec.all_templates:
        yield f"a creation template for '{pattern_under(template.prefix)}'"
    for cache in spec.caches:
        yield f"a pull-through cache for '{pattern_under(cache.prefix)}'"
    for arn in spec.exclusions:
        yield f"a pull-time exclusion of {arn}"
