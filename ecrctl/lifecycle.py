"""``ecrctl lifecycle``: a preview of a lifecycle policy, as a table and as JSON."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from checked_files.fault_text import name_hint
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.lifecycle.documents import policy_from_document
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy
from constructs_lib.rules.lifecycle.preview import ImageRecord, ImageVerdict, preview
from ecrctl.aws.accounts import check_account
from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.aws.image_records import images_from_ecr
from ecrctl.aws.unread import Unread
from ecrctl.counts import counted
from ecrctl.images.image_files import images_from_file
from ecrctl.images.usage.kubernetes import KubernetesCluster, named_cluster
from ecrctl.images.usage.owners import Owners, loss_warnings, owners_of
from ecrctl.images.usage.pins import pins_of_registry
from ecrctl.images.usage.workloads import check_options, read_workloads
from environments.loading import load_environment
from environments.settings import EnvironmentSettings

from .console import new_console, new_table
from .errors import ExitCode, UserError
from .files import fault_list, read_json
from .output.documents import LifecycleDocument, PreviewedImage
from .output.formats import TextOrJson, print_json
from .output.messages import notify, working

_STYLES = {"kept": "green", "archived": "yellow", "expired": "red"}
_SHORT_DIGEST = 19
_UNKNOWN_INDEXES = (
    "ECR returns no manifest of an archived image, so each image of an archived index has an "
    "outcome of its own here; ECR keeps the image as long as the index."
)


def policy_of(settings: EnvironmentSettings, repository: str) -> LifecyclePolicy:
    """Return the policy that an environment declares for a repository."""
    declared = {item.name: item for item in settings.repositories}
    if repository not in declared:
        raise UserError(
            f"The environment '{settings.name}' declares no repository '{repository}'"
            f"{name_hint(repository, list(declared))}",
            ExitCode.FAULT,
        )
    policy = declared[repository].spec.lifecycle
    if policy is None:
        raise UserError(
            f"'{repository}' has no lifecycle policy in '{settings.name}', so every image is kept. "
            "To preview another policy, add --policy FILE.",
            ExitCode.FAULT,
        )
    return policy


def refuse_public(settings: EnvironmentSettings, repository: str) -> None:
    """Raise where a name is that of a public repository alone, which has no lifecycle policy."""
    is_private = repository in {item.name for item in settings.repositories}
    if not is_private and repository in {item.name for item in settings.public_repositories}:
        raise UserError(
            f"'{repository}' is a public repository in '{settings.name}', and public repositories "
            "have no lifecycle policy: no image expires. Delete images that are no longer used "
            "with `aws ecr-public batch-delete-image`.",
            ExitCode.FAULT,
        )


def policy_from_file(path: Path) -> LifecyclePolicy:
    """Return the ECR lifecycle policy in a file."""
    try:
        return policy_from_document(read_json(path))
    except RuleError as error:
        raise fault_list(path, error.faults) from None


def moment_of(text: str) -> datetime:
    """Return the time of a preview."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            return moment
    raise UserError(
        f"--now must be a time with its zone, got '{text}'. Write it as 2026-11-23T12:00:00Z."
    )


def table_of(repository: str, verdicts: Sequence[ImageVerdict]) -> Table:
    """Return a table of the outcome for each image."""
    title = f"{repository}: preview of the lifecycle policy"
    table = new_table(title, "Outcome", "Image", "Tags", "Status", "Pushed", "Rule", "Why")
    for verdict in verdicts:
        rule = verdict.rule
        table.add_row(
            f"[{_STYLES[verdict.outcome]}]{verdict.outcome}[/]",
            verdict.image.digest[:_SHORT_DIGEST],
            escape(", ".join(verdict.image.tags)) or "[dim]untagged[/]",
            verdict.image.status,
            f"{verdict.image.pushed_at:%Y-%m-%d %H:%M}",
            escape(f"{rule.priority} {rule.description}".strip()) if rule else "",
            verdict.reason,
        )
    return table


def summary(verdicts: Sequence[ImageVerdict]) -> str:
    """Return the number of images by outcome, and the limit of a preview of archived images."""
    outcomes = [verdict.outcome for verdict in verdicts]
    counts = ", ".join(f"{outcomes.count(name)} {name}" for name in _STYLES)  # type: ignore[arg-type]
    archived = any(verdict.image.status == "archived" for verdict in verdicts)
    limit = f" {_UNKNOWN_INDEXES}" if archived else ""
    return f"{counted(len(verdicts), 'image')}: {counts}.{limit}"


@dataclass(frozen=True, slots=True)
class Needs:
    """What pins or runs the images of a repository.

    :param unread: sentences about what could not be read, or was not looked at.
    """

    repository: str
    owners: Owners
    unread: Sequence[str]

    def sentences(self, verdicts: Sequence[ImageVerdict]) -> Iterator[str]:
        """Yield a warning for each image that is lost although something needs it."""
        warnings = list(loss_warnings(self.repository, verdicts, self.owners))
        yield from (f"Warning: {one}" for one in warnings)
        if not warnings:
            yield "The policy expires and archives no image that a pin or a found workload needs."
        yield from self.owners.missing
        yield from (f"Not read: {one}" for one in self.unread)


def needs_of(
    settings: EnvironmentSettings,
    directory: Path,
    repository: str,
    images: Sequence[ImageRecord],
    *,
    aws: Aws,
    cluster: KubernetesCluster | None,
) -> Needs:
    """Return what pins or runs the images of a repository.

    :param directory: the folder of environment files.
    :param cluster: the Kubernetes cluster to ask; ``None`` asks ECS alone.
    """
    # Otherwise the workloads of another account would be looked at.
    with as_user_errors(f"Reading the account of '{settings.name}'"):
        check_account(settings, aws)
    unread = Unread()
    pins = pins_of_registry(settings, directory, unread)
    workloads = read_workloads(aws, settings.account, cluster)
    unread.add(*workloads.unread)
    uses = workloads.of_registry(settings.account, settings.region)
    return Needs(repository, owners_of(repository, images, pins, uses), unread.sentences)


def document_of(verdicts: Sequence[ImageVerdict], needs: Needs | None = None) -> LifecycleDocument:
    """Return the verdicts for JSON.

    :param needs: adds what needs each image; ``None`` where nobody asked.
    """
    images = [
        PreviewedImage(
            digest=verdict.image.digest,
            tags=list(verdict.image.tags),
            pushed_at=verdict.image.pushed_at.isoformat(),
            status=verdict.image.status,
            storage_class=verdict.image.storage_class,
            outcome=verdict.outcome,
            rule=verdict.rule.priority if verdict.rule else None,
            reason=verdict.reason,
            needed_by=list(needs.owners.of(verdict.image.digest)) if needs else None,
        )
        for verdict in verdicts
    ]
    return LifecycleDocument(images)


def run_lifecycle(
    environment: str,
    directory: Path,
    repository: str,
    *,
    images: Path | None,
    policy: Path | None,
    now: str | None,
    in_use: bool,
    kubeconfig: Path | None,
    context: str | None,
    output: TextOrJson,
) -> None:
    """Print the preview of a policy.

    :param directory: the folder of environment files.
    :param images: a file of images; ``None`` for those in ECR.
    :param policy: a file with a policy; ``None`` for the declared one.
    :param now: the time of the evaluation as text; ``None`` for the present.
    """
    cluster = named_cluster(kubeconfig, context)
    check_options(in_use=in_use, cluster=cluster)
    # A lifecycle policy does not depend on pins, so a missing pin is no fault here.
    settings = load_environment(environment, directory, with_pins=False)
    refuse_public(settings, repository)
    chosen = policy_from_file(policy) if policy else policy_of(settings, repository)
    moment = moment_of(now) if now else datetime.now(UTC)
    if images:
        found = images_from_file(images)
    else:
        aws = Aws.from_variables(settings.region)
        with working(f"Read the images of '{repository}'"):
            found = images_from_ecr(aws, settings.account, repository)
    verdicts = preview(chosen, found, moment)
    needs = None
    if in_use:
        aws = Aws.from_variables(settings.region)
        with working("Look up which images are in use"):
            needs = needs_of(settings, directory, repository, found, aws=aws, cluster=cluster)
    if output == "json":
        print_json(document_of(verdicts, needs))
        for sentence in needs.unread if needs else ():
            notify(f"Not read: {sentence}")
        return
    console = new_console()
    console.print(table_of(repository, verdicts))
    console.print(summary(verdicts), highlight=False)
    for sentence in needs.sentences(verdicts) if needs else ():
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
