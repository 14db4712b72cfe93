"""The upstream registries of pull-through caches: addresses, and how ECR signs in to them.

Sources: Amazon ECR user guide, "Sync an upstream registry with an Amazon ECR private registry" and
"Storing your upstream repository credentials in an AWS Secrets Manager secret"; Amazon ECR API
reference, "CreatePullThroughCacheRule".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

UpstreamName = Literal[
    "docker-hub",
    "github-container-registry",
    "gitlab-container-registry",
    "quay",
    "k8s",
    "azure-container-registry",
    "chainguard",
    "ecr-public",
    "ecr",
]
UPSTREAM_NAMES: tuple[UpstreamName, ...] = get_args(UpstreamName)
Authentication = Literal["none", "secret", "role"]

SECRET_PREFIX = "ecr-pullthroughcache/"  # noqa: S105 - the beginning of a secret's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """An upstream registry.

    :param title: its own name.
    :param url: its host, as a cache rule writes it; ``None`` if each owner has another host.
    :param authentication: what a cache requires to sign in: nothing, a secret, or for a registry
        of another account a role.
    """

    title: str
    url: str | None
    authentication: Authentication


UPSTREAMS: Mapping[UpstreamName, Upstream] = MappingProxyType(
    {
        "docker-hub": Upstream(
            title="Docker Hub", url="registry-1.docker.io", authentication="secret"
        ),
        "github-container-registry": Upstream(
            title="GitHub Container Registry", url="ghcr.io", authentication="secret"
        ),
        "gitlab-container-registry": Upstream(
            title="GitLab.com", url="registry.gitlab.com", authentication="secret"
        ),
        "quay": Upstream(title="Quay", url="quay.io", authentication="none"),
        "k8s": Upstream(title="Kubernetes", url="registry.k8s.io", authentication="none"),
        "azure-container-registry": Upstream(
            title="Azure Container Registry", url=None, authentication="secret"
        ),
        "chainguard": Upstream(title="Chainguard", url="cgr.dev", authentication="secret"),
        "ecr-public": Upstream(
            title="Amazon ECR Public", url="public.ecr.aws", authentication="none"
        ),
        "ecr": Upstream(
            title="another private registry of Amazon ECR", url=None, authentication="role"
        ),
    }
)
"""Each upstream registry by ECR's name for it."""
