"""The CDK app: a stage for each environment, whose stacks are wired together here."""

import gc
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    # A synthesis is short and keeps what it makes, so garbage collection only costs time. Node's
    # compiler threads compete with its main thread: without them, a synthesis of one environment
    # takes 0.5 s less (bench/README.md).
    gc.disable()
    os.environ.setdefault("NODE_OPTIONS", "--v8-pool-size=0")

try:
    import aws_cdk as cdk
    from aws_cdk.cloud_assembly_schema import Manifest
except ModuleNotFoundError as error:
    sys.exit(
        f"app.py: {error.name} is not installed for {sys.executable}. "
        "Run `make`, then `. .venv/bin/activate`."
    )

from constructs_lib.rules.faults import RuleError
from environments import DIRECTORY, names
from environments.faults import EnvironmentFault
from environments.loading import load_environments
from environments.settings import EnvironmentSettings
from stacks.ecs_workloads import EcsWorkloadsStack
from stacks.eks_workloads import EksWorkloadsStack
from stacks.encryption import EncryptionStack
from stacks.github_access import GitHubAccessStack
from stacks.public_repositories import PublicRepositoriesStack
from stacks.repositories import RepositoriesStack

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

    from stacks.registry import RegistryStack

# Below the 50 of the tags that a resource has by itself, which therefore win.
_TAG_PRIORITY = 10


def build_app(
    environment: str | None = None,
    *,
    directory: Path | None = None,
    context: Mapping[str, Any] | None = None,
    outdir: str | None = None,
) -> cdk.App:
    """Return the app, with a stage for each environment.

    :param environment: the only environment to build; by default the value of ``-c env=``, or all.
    :param directory: the folder of the environment files; by default the value of
        ``-c environments=``, or ``environments/``.
    :param context: the ``context`` of ``cdk.json``; the CDK CLI passes it by itself.
    :param outdir: the folder of the cloud assembly; by default the CLI's choice.
    :raises EnvironmentFault: with every fault of every environment, before any stack is made.
    """
    # CDKMetadata would carry the Python patch version into every template.
    app = cdk.App(analytics_reporting=False, context=context, outdir=outdir)
    # A trace names the folder that jsii unpacks the CDK into, which has another name at each synth.
    app.node.set_context("aws:cdk:disable-creation-stack-traces", True)
    directory = directory or Path(app.node.try_get_context("environments") or DIRECTORY)
    chosen = environment or app.node.try_get_context("env")
    for settings in load_environments([chosen] if chosen else None, directory):
        for notice in settings.notices:
            print(notice, file=sys.stderr)
        add_environment(app, settings)
    return app


def add_environment(app: cdk.App, environment: EnvironmentSettings) -> cdk.Stage:
    """Add the stage of an environment, its stacks in the order of their first deployment."""
    stage = cdk.Stage(
        app,
        environment.name,
        env=cdk.Environment(account=environment.account, region=environment.region),
    )
    key = None
    if environment.makes_key:
        key = EncryptionStack(stage, names.ENCRYPTION, environment=environment.name).key
    registry = _add_registry(stage, environment, key)
    repositories = _add_repositories(stage, environment, key)
    if environment.github_pushes:
        GitHubAccessStack(
            stage,
            names.GITHUB_ACCESS,
            pushes=environment.github_pushes,
            creates_provider=environment.creates_github_provider,
            registry=registry.registry if registry else None,
        )
    if environment.notifications:
        # Imported here, as SNS takes as long to import as a stack to build, and few ask for it.
        from stacks.notifications import NotificationsStack  # noqa: PLC0415

        NotificationsStack(stage, names.NOTIFICATIONS, notifications=environment.notifications)
    workloads: list[cdk.Stack] = []
    if environment.ecs_tasks:
        workloads.append(
            EcsWorkloadsStack(
                stage,
                names.ECS_WORKLOADS,
                tasks=environment.ecs_tasks,
                services=environment.ecs_services,
                network=environment.network,
                registry_accounts=environment.registry_accounts,
            )
        )
    if environment.eks_jobs:
        workloads.append(EksWorkloadsStack(stage, names.EKS_WORKLOADS, jobs=environment.eks_jobs))
    for workload in workloads:
        for stack in (*repositories, *([registry] if registry else [])):
            workload.add_stack_dependency(stack)
    _apply_to_all(stage, environment)
    return stage


def _apply_to_all(stage: cdk.Stage, environment: EnvironmentSettings) -> None:
    """Give every stack the environment's tags and its termination protection."""
    for key, value in environment.tags.items():
        cdk.Tags.of(stage).add(key, value, priority=_TAG_PRIORITY)
    for child in stage.node.children:
        if isinstance(child, cdk.Stack):
            child.termination_protection = environment.protected


def _add_repositories(
    stage: cdk.Stage, environment: EnvironmentSettings, key: "kms.IKey | None"
) -> list[cdk.Stack]:
    """Add the stacks of the repositories, and return those that workloads need."""
    private: list[cdk.Stack] = [
        RepositoriesStack(
            stage, names.repositories_id(group), group=group, repositories=members, key=key
        )
        for group, members in environment.groups().items()
    ]
    if environment.public_repositories:
        PublicRepositoriesStack(
            stage, names.PUBLIC_REPOSITORIES, repositories=environment.public_repositories
        )
    return private


def _add_registry(
    stage: cdk.Stage, environment: EnvironmentSettings, key: "kms.IKey | None"
) -> "RegistryStack | None":
    """Add the stacks of registry settings that an environment has, and return its own one."""
    if environment.registry_baseline:
        # Imported here, as at most one environment of an organization has one.
        from stacks.registry_baseline import RegistryBaselineStack  # noqa: PLC0415

        RegistryBaselineStack(
            stage,
            names.REGISTRY_BASELINE,
            stack_set_name=names.registry_stack_set(environment.name),
            settings=environment.registry_baseline,
        )
    if environment.registry is None:
        return None
    # Imported here, as few environments have one.
    from stacks.registry import RegistryStack  # noqa: PLC0415

    return RegistryStack(stage, names.REGISTRY, settings=environment.registry, key=key)


def main() -> None:
    """Synthesise the environments that the CDK CLI requests."""
    _refuse_old_cli()
    try:
        build_app().synth()
    except (EnvironmentFault, RuleError) as fault:
        sys.exit(str(fault))
    # Skip the final garbage collection, which costs 0.3 s.
    gc.freeze()


def _refuse_old_cli() -> None:
    """Exit before the synthesis when the CDK CLI could not read its result."""
    reads = os.environ.get("CDK_CLI_ASM_VERSION")
    writes = Manifest.version()
    if reads and int(reads.split(".")[0]) < int(writes.split(".")[0]):
        sys.exit(
            f"This CDK CLI ({os.environ.get('CDK_CLI_VERSION', 'version unknown')}) reads cloud "
            f"assemblies up to schema {reads}, and this app writes {writes}. "
            "Run `make`, then `npx cdk` in this folder, which is the pinned CLI."
        )


if __name__ == "__main__":
    main()
