"""Pull-through caches: repositories that ECR fills from an upstream registry on the first pull.

Sources: Amazon ECR user guide, "Creating a pull through cache rule in Amazon ECR" and "Customizing
repository prefixes for ECR to ECR pull through cache"; Amazon ECR API reference,
"CreatePullThroughCacheRule".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.aws.resource_tags import tag_faults
from constructs_lib.rules.aws.tokens import is_token
from constructs_lib.rules.ecr.images import registry_host
from constructs_lib.rules.ecr.repository import (
    IMMUTABLE_TAGS,
    NO_ACCESS,
    STANDARD_LIFECYCLE,
    EncryptionSpec,
)
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from constructs_lib.rules.faults import Fault, faults_unless, raise_if_any, under
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy
from constructs_lib.rules.policy.access import Access, role_arn_faults

from .creation_templates import CreationTemplate
from .prefixes import ROOT, nested_faults, prefix_faults
from .upstreams import SECRET_PREFIX, UPSTREAM_NAMES, UPSTREAMS, Upstream, UpstreamName

MAXIMUM_CACHES = 50
SHORTEST_PREFIX, LONGEST_PREFIX = 2, 30
SHORTEST_SECRET, LONGEST_SECRET = 50, 612

_SECRET = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):secret:"
    r"(?P<name>[\w/+=.@-]+)-[A-Za-z0-9]{6}",
    re.ASCII,
)
_AZURE = re.compile(r"[a-z0-9]{5,50}\.azurecr\.io")
_HOST = re.compile(r"(?P<account>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+")


def _shared_key() -> EncryptionSpec:
    return EncryptionSpec(kind="customer-managed")


@dataclass(frozen=True, slots=True, kw_only=True)
class PullThroughCache:
    """A pull-through cache: the first pull of an image copies it from an upstream registry.

    :param prefix: 2 to 30 characters, to which ECR adds ``/``: with ``docker-hub``, the
        repository ``library/nginx`` is cached as ``docker-hub/library/nginx``. ``ROOT`` caches
        under the upstream's own names.
    :param upstream: ``docker-hub``, ``github-container-registry``, ``gitlab-container-registry``,
        ``quay``, ``k8s``, ``azure-container-registry``, ``chainguard``, ``ecr-public`` or ``ecr``.
    :param secret_arn: the complete ARN of the secret with which ECR signs in, in the same account
        and region, whose name begins with ``ecr-pullthroughcache/``. Required by Docker Hub,
        GitHub, GitLab, Azure and Chainguard.
    :param host: the upstream registry's host, for ``azure-container-registry`` such as
        ``acme.azurecr.io``, and for ``ecr`` such as
        ``111111111111.dkr.ecr.eu-west-1.amazonaws.com``; each other upstream has one host.
    :param upstream_prefix: for ``ecr``, the beginning of the upstream's names; by default every
        name is cached.
    :param role_arn: for ``ecr``, an existing role that may pull from another account's registry;
        by default a new one.
    :param pull: the principals besides the account's own that may pull, and so fill the cache; by
        default none.
    :param tag_immutability: by default no cached tag can move, so a tag stays the image that was
        pulled first. With ``MUTABLE``, ECR updates a tag from upstream once a day.
    :param encryption: by default a KMS key that repositories share.
    :param lifecycle: as for ``RepositorySpec``. ``None`` keeps every image.
    :param tags: AWS tags of the cache's repositories, at most 50; by default none.
    :raises RuleError: with every rule that is broken.
    """

    prefix: str
    upstream: UpstreamName
    secret_arn: str | None = None
    host: str | None = None
    upstream_prefix: str | None = None
    role_arn: str | None = None
    pull: Access = NO_ACCESS
    tag_immutability: TagImmutability = IMMUTABLE_TAGS
    encryption: EncryptionSpec = field(default_factory=_shared_key)
    lifecycle: LifecyclePolicy | None = STANDARD_LIFECYCLE
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        raise_if_any(f"PullThroughCache '{self.prefix[:80]}'", _faults_of(self))

    @property
    def url(self) -> str:
        """The upstream registry's host."""
        return self.host or str(UPSTREAMS[self.upstream].url)

    @property
    def template(self) -> CreationTemplate:
        """The creation template of the cache's repositories."""
        return CreationTemplate(
            prefix=self.prefix,
            applied_for=("PULL_THROUGH_CACHE",),
            tag_immutability=self.tag_immutability,
            encryption=self.encryption,
            lifecycle=self.lifecycle,
            tags=self.tags,
            description=f"Repositories cached from {UPSTREAMS[self.upstream].title}",
        )

    @property
    def secret_name(self) -> str | None:
        """The name of the secret, without the suffix of its ARN."""
        found = _SECRET.fullmatch(self.secret_arn or "")
        return found["name"] if found else None

    def repository_name(self, upstream_repository: str) -> str:
        """Return the name of the repository that caches one of the upstream registry.

        >>> cache = PullThroughCache(prefix="public", upstream="ecr-public")
        >>> cache.repository_name("docker/library/alpine")
        'public/docker/library/alpine'
        """
        if self.prefix == ROOT:
            return upstream_repository
        if self.upstream_prefix and self.upstream_prefix != ROOT:
            upstream_repository = upstream_repository.removeprefix(f"{self.upstream_prefix}/")
        return f"{self.prefix}/{upstream_repository}"

    def crosses_accounts(self, account: str) -> bool:
        """Return whether the upstream is a private registry of another account."""
        found = _HOST.fullmatch(self.host or "") if self.upstream == "ecr" else None
        return bool(found) and found is not None and found["account"] != account


def cache_faults(caches: Sequence[PullThroughCache], place: Place) -> Iterator[Fault]:
    """Yield the faults of a registry's caches together."""
    yield from faults_unless(
        len(caches) <= MAXIMUM_CACHES,
        f"a registry can have at most {MAXIMUM_CACHES} pull-through caches, got {len(caches)}. "
        "Cache the others in another region or account.",
    )
    yield from nested_faults("caches", [one.prefix for one in caches])
    for index, cache in enumerate(caches):
        path = f"[{index}]"
        yield from under(path, _place_faults(cache, place))


def _place_faults(cache: PullThroughCache, place: Place) -> Iterator[Fault]:
    found = _SECRET.fullmatch(cache.secret_arn or "")
    for part in ("account", "region") if found else ():
        own = getattr(place, part)
        if found and not is_token(own) and found[part] != own:
            yield Fault(
                "secret_arn",
                f"the secret of a cache must be in the registry's {part} {own}, got {found[part]}. "
                f"Create it there: {create_secret_command(cache.prefix, place)}.",
            )
    host = _HOST.fullmatch(cache.host or "") if cache.upstream == "ecr" else None
    if host and (host["account"], host["region"]) == (place.account, place.region):
        yield Fault(
            "host",
            f"a registry cannot cache itself, got '{cache.host}'. Write the host of another "
            "account or region.",
        )
    if host and cache.role_arn and host["account"] == place.account:
        yield Fault(
            "role_arn",
            "a cache of the same account takes no role, got one. Remove role_arn.",
        )
    if _requires_secret(UPSTREAMS[cache.upstream]) and cache.secret_arn is None:
        title = UPSTREAMS[cache.upstream].title
        yield Fault(
            "secret_arn",
            f"a cache of {title} requires a secret with its user name and access token, got none. "
            f"Create it with {create_secret_command(cache.prefix, place)}, and write the ARN that "
            "is printed.",
        )


def upstream_faults(upstream: str) -> list[Fault]:
    """Check that ECR can cache an upstream registry."""
    return faults_unless(
        upstream in UPSTREAM_NAMES,
        f"a cache's upstream must be one of {', '.join(UPSTREAM_NAMES)}, got "
        f"'{str(upstream)[:80]}'. Push images of any other registry with `ecrctl push --from`, and "
        "copy them to other environments with `ecrctl promote`.",
    )


def create_secret_command(prefix: str, place: Place) -> str:
    """Return the command that creates a cache's secret, whose value only its file contains."""
    return (
        f"`aws secretsmanager create-secret --region {place.region} --name "
        f"{SECRET_PREFIX}{prefix} --secret-string file://credentials.json`"
    )


def put_secret_command(secret_arn: str, region: str) -> str:
    """Return the command that sets a new value of a cache's secret."""
    return (
        f"aws secretsmanager put-secret-value --region {region} --secret-id {secret_arn} "
        "--secret-string file://credentials.json"
    )


def _requires_secret(upstream: Upstream) -> bool:
    return upstream.authentication == "secret"


def _faults_of(cache: PullThroughCache) -> Iterator[Fault]:
    subject = partial(prefix_faults, shortest=SHORTEST_PREFIX, longest=LONGEST_PREFIX)
    yield from under("prefix", subject(cache.prefix, subject="a cache's prefix"))
    yield from under("tags", tag_faults(cache.tags))
    unknown = upstream_faults(cache.upstream)
    if unknown:
        yield from under("upstream", unknown)
        return
    upstream = UPSTREAMS[cache.upstream]
    yield from _secret_faults(cache, upstream)
    yield from _host_faults(cache, upstream)
    for setting in ("upstream_prefix", "role_arn"):
        yield from faults_unless(
            cache.upstream == "ecr" or getattr(cache, setting) is None,
            f"{setting} is for the upstream ecr, got one with {cache.upstream}. Remove {setting}.",
            path=setting,
        )
    if cache.upstream_prefix is not None:
        yield from under(
            "upstream_prefix", subject(cache.upstream_prefix, subject="an upstream prefix")
        )
        yield from faults_unless(
            cache.prefix != ROOT,
            f"a cache with the prefix {ROOT} takes no upstream_prefix, got "
            f"'{cache.upstream_prefix[:80]}'. Write another prefix.",
            path="upstream_prefix",
        )
    if cache.role_arn is not None and not is_token(cache.role_arn):
        yield from under("role_arn", role_arn_faults(cache.role_arn))


def _secret_faults(cache: PullThroughCache, upstream: Upstream) -> Iterator[Fault]:
    arn = cache.secret_arn
    if arn is None or is_token(arn):
        return
    found = _SECRET.fullmatch(arn)
    if not _requires_secret(upstream):
        yield Fault(
            "secret_arn",
            f"a cache of {upstream.title} takes no secret, got one. Remove secret_arn.",
        )
    elif not found:
        yield Fault(
            "secret_arn",
            f"'{arn[:120]}' is not the complete ARN of a secret. Write it with the six characters "
            "at its end, such as 'arn:aws:secretsmanager:us-west-2:111111111111:secret:"
            f"{SECRET_PREFIX}docker-hub-a1B2c3'.",
        )
    elif not found["name"].startswith(SECRET_PREFIX):
        yield Fault(
            "secret_arn",
            f"the name of a cache's secret must begin with '{SECRET_PREFIX}', got "
            f"'{found['name'][:80]}'. Create it again as '{SECRET_PREFIX}{found['name'][:80]}'.",
        )
    elif not SHORTEST_SECRET <= len(arn) <= LONGEST_SECRET:
        yield Fault(
            "secret_arn",
            f"the ARN of a cache's secret can have at most {LONGEST_SECRET} characters, got "
            f"{len(arn)}. Choose a shorter name.",
        )


def _host_faults(cache: PullThroughCache, upstream: Upstream) -> list[Fault]:
    host = cache.host
    if upstream.url is not None:
        return faults_unless(
            host is None,
            f"the host of {upstream.title} is {upstream.url}, got '{str(host)[:80]}'. Remove host.",
            path="host",
        )
    form, example = (
        (_HOST, registry_host("111111111111", "eu-west-1"))
        if cache.upstream == "ecr"
        else (_AZURE, "acme.azurecr.io")
    )
    return faults_unless(
        host is not None and (is_token(host) or form.fullmatch(host)),
        f"a cache of {upstream.title} requires the registry's host without a path, got "
        f"{repr(host)[:80] if host else 'none'}. Write it like '{example}'.",
        path="host",
    )
