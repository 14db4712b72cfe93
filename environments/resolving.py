"""From environment files to settings: defaults filled in, pins replaced by images."""

from collections.abc import Container, Iterable, Iterator, Mapping
from functools import partial

from constructs_lib.rules.aws.partitions import REGIONS
from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.ecr.images import ImageSpec
from constructs_lib.rules.ecr.repository import RepositorySpec
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from constructs_lib.rules.ecr.tag_patterns import tag_matches
from constructs_lib.rules.faults import Fault, RuleError, under
from constructs_lib.rules.lifecycle.policy import wildcard_prefix_faults
from constructs_lib.rules.policy.access import Administrators
from constructs_lib.rules.policy.github_oidc import GitHubSubject
from constructs_lib.rules.policy.statements import allows_everyone
from constructs_lib.rules.registry.baseline import RegistryBaselineSpec
from constructs_lib.rules.registry.registry import RegistrySpec

from .checks.tags import without_inherited
from .model.ecs import EcsTaskModel
from .model.eks import EksJobModel
from .model.environment import EnvironmentModel
from .model.public_repository import PublicRepositoryModel
from .model.repository import PinModel, RepositoryModel
from .names import push_role
from .partial import decided, with_defaults
from .reading import EnvironmentFile
from .registries import EMBEDDED_ACCOUNT
from .registry_notices import registry_notices
from .settings import (
    EcsTaskSettings,
    EksJobSettings,
    EnvironmentSettings,
    GitHubPushSettings,
    PublicRepositorySettings,
    RepositorySettings,
)

Images = Mapping[str, ImageSpec]


def repositories_of(
    environment: EnvironmentFile,
) -> tuple[tuple[RepositorySettings, ...], list[Fault]]:
    """Return the settings of the valid repositories, and the faults of the others."""
    settings: list[RepositorySettings] = []
    faults: list[Fault] = []
    head = environment.head
    for path, model in environment.faulty.items() if head else ():
        faults += under(path, decided(partial(_statement_faults, model, head)))
    if head is None:
        for path, model in {**environment.repositories, **environment.faulty}.items():
            faults += under(
                path, decided(partial(_statement_faults, model, environment.valid_head))
            )
        return (), faults
    for path, model in environment.repositories.items():
        try:
            settings.append(repository_settings(model, head))
        except RuleError as error:
            faults += [
                fault.under(path)
                for fault in without_inherited(error.faults, model.tags, head)
                # An inherited encryption is the environment's fault, and reported as such.
                if model.encryption or fault.path != "encryption"
            ]
    return tuple(settings), faults


def _statement_faults(model: RepositoryModel, head: EnvironmentModel | None) -> Iterator[Fault]:
    """Yield the faults of a repository's statements, beside a setting that has faults itself."""
    if head is None or not model.statements:
        return
    try:
        # Statements do not depend on the repository's name.
        repository_settings(with_defaults(model, {"name": "name"}), with_defaults(head, {}))
    except RuleError as error:
        yield from (fault for fault in error.faults if fault.path.startswith("statements"))


def repository_settings(
    model: RepositoryModel, environment: EnvironmentModel
) -> RepositorySettings:
    """Return the settings of a repository, in which the environment's defaults are filled in.

    :raises RuleError: with every rule that the repository breaks.
    """
    defaults, organization_id = environment.repository_defaults, environment.organization_id
    spec = RepositorySpec(
        name=model.name,
        place=Place.of(environment.account, environment.region),
        tag_immutability=model.immutability(defaults),
        scan_on_push=defaults.scan_on_push if model.scan_on_push is None else model.scan_on_push,
        encryption=model.encryption or environment.encryption,
        lifecycle=(
            model.lifecycle if "lifecycle" in model.model_fields_set else defaults.lifecycle
        ),
        pull=model.pull.access(None if _is_pulled_by_registry(environment) else organization_id),
        push=model.push.access(organization_id),
        statements=model.statements or (),
        administrators=administrators_of(environment),
        removal=model.removal,
        empty_on_delete=model.empty_on_delete,
        tags=environment.tags_with(model.tags),
        adopted=model.adopted,
    )
    return RepositorySettings(spec=spec, stack=model.stack)


def _is_pulled_by_registry(environment: EnvironmentModel) -> bool:
    """Return whether the registry policy alone grants the organization's pull."""
    if environment.registry is None or environment.account == EMBEDDED_ACCOUNT:
        return False
    return environment.registry.policy.organization_pull == "registry"


def administrators_of(environment: EnvironmentModel) -> Administrators | None:
    """Return the only administrators of an environment's repositories, where it names them."""
    if not environment.administrators or environment.break_glass_role is None:
        return None
    return Administrators(
        role_arns=environment.administrators, break_glass_role_arn=environment.break_glass_role
    )


def image_of(pin: PinModel, registry: EnvironmentFile | None) -> ImageSpec:
    """Return a pinned image.

    :param registry: the environment whose registry contains it; ``None`` for ECR Public.
    """
    if registry is None or registry.head is None:
        account, region = None, None
        immutability: TagImmutability | None = TagImmutability(mode="MUTABLE")
    else:
        account, region = registry.head.account, registry.head.region
        repository = registry.repository(pin.repository)
        # A replica has the environment's defaults; the tags of a cache follow its upstream.
        immutability = (
            repository.immutability(registry.head.repository_defaults)
            if repository
            else registry.head.repository_defaults.tag_immutability
        )
        if pin.cache is not None:
            immutability = TagImmutability(mode="MUTABLE")
    return ImageSpec(
        account=account,
        region=region,
        repository=pin.repository_name,
        tag=pin.tag,
        digest=pin.digest,
        tag_may_move=pin.tag_may_move,
        tag_immutability=immutability,
        cache=pin.cache,
    )


def resolve(
    environment: EnvironmentFile,
    head: EnvironmentModel,
    images: Images,
    *,
    repositories: tuple[RepositorySettings, ...],
    public_repositories: tuple[PublicRepositorySettings, ...],
    registry: RegistrySpec | None,
    registry_baseline: RegistryBaselineSpec | None,
) -> EnvironmentSettings:
    """Return the settings of an environment whose files have no faults."""
    tasks = tuple(
        _task(task, images)
        for task in environment.ecs_tasks.values()
        if all(image in images for image in task.images.values())
    )
    present = {task.name for task in tasks}
    services = tuple(one for one in environment.ecs_services.values() if one.task in present)
    return EnvironmentSettings(
        name=environment.name,
        account=head.account,
        region=head.region,
        protected=head.protected,
        tags=head.tags,
        repositories=repositories,
        public_repositories=public_repositories,
        registry=registry,
        registry_baseline=registry_baseline,
        ecs_tasks=tasks,
        ecs_services=services,
        network=head.network,
        registry_accounts=_registry_accounts(tasks, {one.task for one in services}, head.account),
        eks_jobs=tuple(
            _job(job, images[job.image], head)
            for job in environment.eks_jobs.values()
            if job.image in images
        ),
        github_pushes=_github_pushes(environment, head.region),
        images=tuple(
            sorted({image for one in environment.workloads() for image in one.images.values()})
        ),
        builds=head.images,
        notifications=head.notifications,
        scan_gate=head.scan_gate,
        creates_github_provider=head.github_provider == "create",
        notices=(
            *_notices(environment, head, images),
            *_logo_notices(environment.name, public_repositories),
            *registry_notices(environment, registry, (one.spec for one in repositories)),
            *(
                f"{environment.name}: the lifecycle policy of '{one.name}': {fault.message}"
                for one in repositories
                for fault in wildcard_prefix_faults(one.spec.lifecycle)
            ),
        ),
    )


def _task(model: EcsTaskModel, images: Images) -> EcsTaskSettings:
    return EcsTaskSettings(
        name=model.name,
        spec=model.spec,
        images=tuple(images[image] for image in model.images.values()),
        task_role_arn=model.task_role_arn,
        logs=model.logs,
    )


def _job(model: EksJobModel, image: ImageSpec, environment: EnvironmentModel) -> EksJobSettings:
    return EksJobSettings(
        spec=model.spec,
        image=image,
        cron=model.cron,
        identity=model.identity,
        node_role_arn=model.node_role_arn,
        cluster=environment.eks_cluster if model.delivery == "cluster" else None,
        rollback_window_seconds=model.rollback_window_seconds,
        wait_for_completion_seconds=model.wait_for_completion_seconds,
    )


def _registry_accounts(
    tasks: Iterable[EcsTaskSettings], run: Container[str], own: str
) -> tuple[str, ...]:
    accounts = {image.account for task in tasks if task.name in run for image in task.images}
    return tuple(sorted(account for account in accounts if account not in (None, own)))


def _github_pushes(environment: EnvironmentFile, region: str) -> tuple[GitHubPushSettings, ...]:
    """Return one role for each kind of workflow run, with all repositories that it pushes to."""
    private = _pushed_by_subject(environment.repositories.values())
    public = _pushed_by_subject(environment.public_repositories.values())
    return tuple(
        GitHubPushSettings(
            subject=subject,
            role_name=push_role(environment.name, region, subject),
            repositories=tuple(sorted(private.get(subject, ()))),
            public_repositories=tuple(sorted(public.get(subject, ()))),
        )
        for subject in sorted({*private, *public}, key=lambda one: one.subject)
    )


def _pushed_by_subject(
    repositories: Iterable[RepositoryModel | PublicRepositoryModel],
) -> dict[GitHubSubject, set[str]]:
    pushed: dict[GitHubSubject, set[str]] = {}
    for repository in repositories:
        for subject in repository.push.github:
            pushed.setdefault(subject, set()).add(repository.name)
    return pushed


def _logo_notices(
    environment: str, repositories: Iterable[PublicRepositorySettings]
) -> Iterator[str]:
    for one in repositories:
        if one.logo is not None:
            yield (
                f"{environment}: CloudFormation cannot set the logo of '{one.name}'. Set it after "
                "the deployment with `aws ecr-public put-repository-catalog-data`."
            )


def _notices(environment: EnvironmentFile, head: EnvironmentModel, images: Images) -> Iterator[str]:
    for workload in environment.workloads():
        missing = [image for image in workload.images.values() if image not in images]
        if missing:
            yield (
                f"{environment.name}: '{workload.name}' is left out, because its image "
                f"'{missing[0]}' has no pin yet (awaiting_image)."
            )
    if head.region not in REGIONS:
        yield (
            f"{environment.name}: the region {head.region} is not known here. Check its spelling, "
            "unless it is newer than this release."
        )
    if head.notifications:
        declared = [one.name for one in environment.repositories.values()]
        for pattern in head.notifications.events.repositories:
            if not any(tag_matches(pattern, name) for name in declared):
                yield (
                    f"{environment.name}: notifications.repositories names '{pattern}', which this "
                    "environment does not declare. Check its spelling, unless another environment "
                    "of the account declares it."
                )
    for repository in environment.repositories.values():
        if any(map(allows_everyone, repository.statements or ())):
            yield (
                f"{environment.name}: a statement of '{repository.name}' allows every principal of "
                "every account, without a condition."
            )
    if head.network and not head.network.is_private:
        yield (
            f"{environment.name}: the network {head.network.cidr} is outside the ranges for "
            "private use (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10)."
        )
