"""``ecrctl push`` of declared images: build each, push it, and pin it."""

import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from checked_files.fault_text import name_hint
from ecrctl.aws.clients import Aws
from ecrctl.errors import ExitCode, UserError
from ecrctl.files import called
from ecrctl.images.copying.run import Result
from ecrctl.images.declared import DeclaredRepository
from ecrctl.images.push import push
from ecrctl.images.references import OCI_ARCHIVE, Place
from ecrctl.images.results import copy_document, result_text
from ecrctl.images.stores.local_places import opened_source
from ecrctl.images.stores.registry import Registry, Repository
from ecrctl.output.documents import PushDocument, PushedImage
from ecrctl.output.formats import print_json
from ecrctl.output.messages import say, working
from ecrctl.pins.command import pin_image, pin_text
from ecrctl.pins.pinning import Target, check_target
from ecrctl.visible import visible
from environments.loading import load_environment
from environments.model.images import ImageModel
from environments.settings import EnvironmentSettings

from .builders import build_archive, chosen_builder
from .sources import BuildSource, build_source

_IN_REGISTRY = "is in the registry already, and is not built again"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Build:
    """A declared image, its files, and the repository it is pushed to.

    :param present: the digest under its tag, where an earlier push of the same commit made it.
    :param is_pinned: whether a workload runs the image.
    """

    name: str
    image: ImageModel
    source: BuildSource
    declared: DeclaredRepository
    repository: Repository
    present: str | None
    is_pinned: bool

    @property
    def text(self) -> str:
        """The repository and the tag."""
        return f"{self.image.repository}:{self.source.tag}"


def run_builds(
    environment: str,
    folder: Path,
    names: Sequence[str],
    builder: str | None,
    *,
    shown: tuple[bool, bool],
) -> None:
    """Build, push and pin declared images, or print what would be done.

    :param names: the images; all that the environment declares where there are none.
    :param shown: whether the plan alone is shown, and whether as JSON.
    :raises UserError: before anything is built, where an image cannot be pushed or pinned.
    """
    if builder is not None:
        chosen_builder(builder)
    settings = load_environment(environment, folder, with_pins=False)
    chosen = _chosen(settings, names)
    sources = _sources(chosen, folder.resolve().parent)
    pinned = {name for name in chosen if name in settings.images}
    for name in sorted(pinned):
        target = Target(folder, environment, name)
        check_target(target, repository=chosen[name].repository, tag=sources[name].tag)
    with working(f"Look up the images of '{environment}'"):
        builds = _builds(settings, chosen, sources, pinned)
    program = chosen_builder(builder) if any(one.present is None for one in builds) else ""
    is_plan, as_json = shown
    if is_plan:
        planned = [_document(one, one.present, is_plan=True) for one in builds]
        _print(planned, as_json=as_json)
        return
    documents: list[PushedImage] = []
    for one in builds:
        result = None if one.present else _pushed(one, program, as_json=as_json)
        digest = result.plan.digest if result else one.present or ""
        if one.present and not as_json:
            say(f"{one.text} {_IN_REGISTRY}.")
        if one.is_pinned:
            target = Target(folder, environment, one.name)
            done = pin_image(
                target, repository=one.image.repository, tag=one.source.tag, digest=digest
            )
            if not as_json:
                say(pin_text(done))
        documents.append(_document(one, digest, result))
    _print(documents, as_json=as_json)


def _chosen(settings: EnvironmentSettings, names: Sequence[str]) -> Mapping[str, ImageModel]:
    builds = settings.builds
    if not builds:
        raise UserError(
            f"{settings.name}.yaml declares no images to build. Declare one, such as 'images: "
            "{api: {repository: team/api, build: services/api}}', or push one with --from.",
            ExitCode.FAULT,
        )
    unknown = [name for name in names if name not in builds]
    if unknown:
        raise UserError(
            f"{settings.name}.yaml declares no image '{unknown[0]}'{name_hint(unknown[0], builds)}",
            ExitCode.FAULT,
        )
    return {name: builds[name] for name in dict.fromkeys(names or builds)}


def _sources(images: Mapping[str, ImageModel], root: Path) -> dict[str, BuildSource]:
    """Return the files of every image, or raise what is wrong with all of them."""
    found: dict[str, BuildSource] = {}
    faults: list[str] = []
    by_tag: dict[str, list[str]] = defaultdict(list)
    for name, image in images.items():
        try:
            found[name] = build_source(name, image.build, root)
            by_tag[f"{image.repository}:{found[name].tag}"].append(name)
        except UserError as error:
            faults.append(str(error))
    for text, names in by_tag.items():
        if len(names) > 1:
            faults.append(
                f"images.{names[0]} and images.{names[1]} are both pushed as {text}. Give each a "
                "repository or a tag of its own."
            )
    if faults:
        raise UserError("\n".join(faults), ExitCode.FAULT)
    return found


def _builds(
    settings: EnvironmentSettings,
    images: Mapping[str, ImageModel],
    sources: Mapping[str, BuildSource],
    pinned: set[str],
) -> list[_Build]:
    specs = {one.name: one.spec for one in settings.repositories}
    declared = {
        name: DeclaredRepository(settings, specs[image.repository])
        for name, image in images.items()
    }
    registry = Registry.of_account(Aws.from_variables(settings.region), settings.account)
    builds = []
    for name, image in images.items():
        repository = registry.repository(image.repository, writable=True)
        tag = sources[name].tag
        # The tag of a commit cannot have been moved, so its image was built from the same files.
        is_final = image.build.tag is None and declared[name].is_immutable(tag)
        builds.append(
            _Build(
                name=name,
                image=image,
                source=sources[name],
                declared=declared[name],
                repository=repository,
                present=repository.digests_of([tag]).get(tag) if is_final else None,
                is_pinned=name in pinned,
            )
        )
    return builds


def _pushed(one: _Build, program: str, *, as_json: bool) -> Result:
    """Build and push an image."""
    with tempfile.TemporaryDirectory(prefix="ecrctl-build-") as folder:
        archive = Path(folder) / "image.tar"
        with working(f"Build '{one.name}'"):
            build_archive(program, one.image.build, one.source, archive)
        with (
            called(archive, f"the image '{one.name}'"),
            opened_source(Place(OCI_ARCHIVE, str(archive))) as (store, digest),
        ):
            result = push(store, digest, (one.declared, one.repository), one.source.tag)
    if not as_json:
        host = one.repository.registry.host
        say(f"{one.text} in {host}: {result_text(result)}.")
    return result


def _document(
    one: _Build, digest: str | None, result: Result | None = None, *, is_plan: bool = False
) -> PushedImage:
    return PushedImage(
        image=one.name,
        repository=one.image.repository,
        tag=one.source.tag,
        digest=digest,
        uri=f"{one.repository.uri}@{digest}" if digest else None,
        plan=is_plan,
        built=one.present is None,
        pinned=one.is_pinned,
        copied=result and copy_document(result),
    )


def _print(documents: Sequence[PushedImage], *, as_json: bool) -> None:
    """Print the results, or the plan, in which an image that is to be built has no digest."""
    if as_json:
        print_json(PushDocument(list(documents)))
        return
    for one in documents:
        if one.digest:
            print(f"{one.repository}@{one.digest}")
        else:
            pin = " and pin" if one.pinned else ""
            print(visible(f"{one.image}: would build {one.repository}:{one.tag}, push{pin}"))
