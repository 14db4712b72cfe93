"""The images that a promotion names, and their repositories in both environments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from checked_files.fault_text import name_hint
from constructs_lib.rules.ecr.images import PUBLIC_REGISTRY
from ecrctl.errors import ExitCode, UserError
from ecrctl.images.oci import is_digest
from ecrctl.images.references import pulled_name
from environments.loading import load_environment, pins_path
from environments.model.repository import PinModel
from environments.reading import read_pins
from environments.settings import EnvironmentSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotedImage:
    """An image, where it is, and where it is promoted to.

    :param owner: the environment whose registry has the image.
    :param reference: its digest, or its tag.
    :param tag: its tag, if it has one.
    :param target: the repository in the other environment.
    :param pins: the names under which workloads of the other environment run it.
    """

    owner: str
    source: str
    reference: str
    tag: str | None
    target: str
    pins: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the image's name in its environment."""
        joint = "@" if is_digest(self.reference) and not self.tag else ":"
        return f"{self.source}{joint}{self.tag or self.reference}"


@dataclass(frozen=True, slots=True)
class _Side:
    """An environment's settings, and its pins."""

    settings: EnvironmentSettings
    pins: Mapping[str, PinModel]

    def owner_of(self, pin: PinModel) -> str:
        return pin.registry or self.settings.name

    def repositories(self) -> dict[str, tuple[str, str]]:
        """Return the registry and the repository of each image that the files name."""
        found = {
            name: (self.owner_of(pin), pin.repository_name)
            for name, pin in self.pins.items()
            if pin.registry != PUBLIC_REGISTRY
        }
        # Where an image is built and pushed decides; its pin can be of an earlier time.
        own = self.settings.name
        return found | {
            name: (own, image.repository) for name, image in self.settings.builds.items()
        }


@dataclass(frozen=True, slots=True)
class Names:
    """The images of both environments by the names in their files."""

    source: _Side
    target: _Side
    folder: Path

    @staticmethod
    def of(source: str, target: str, folder: Path) -> Names:
        """Read the files of both environments."""
        return Names(_side(source, folder), _side(target, folder), folder)

    def image(self, text: str) -> PromotedImage:
        """Return the image that an argument names.

        :param text: a pin's name, ``REPOSITORY:TAG`` or ``REPOSITORY@DIGEST``.
        :raises UserError: where the files of the environments do not declare it.
        """
        if text in self.source.pins:
            return self._of_pin(text, self.source.pins[text])
        if ":" not in text and "@" not in text:
            raise self._not_a_pin(text)
        name = pulled_name(text)
        own = self.source.settings.name
        self._check(self.source, name.repository)
        tag = None if is_digest(name.reference) else name.reference
        target = self.target_of(name.repository)
        return PromotedImage(
            owner=own,
            source=name.repository,
            reference=name.reference,
            tag=tag,
            target=target,
            pins=self._pins_of(name.repository, target),
        )

    def _not_a_pin(self, text: str) -> UserError:
        if text in self._declared(self.source):
            message = (
                f"'{text}' is a repository. Name one of its images, with {text}:TAG or "
                f"{text}@DIGEST, or add --all for every image."
            )
        else:
            message = (
                f"The environment '{self.source.settings.name}' has no pin "
                f"'{text}'{name_hint(text, self.source.pins)} Name a pin, REPOSITORY:TAG or "
                "REPOSITORY@DIGEST."
            )
        return UserError(message, ExitCode.FAULT)

    def both_declare(self, repositories: Iterable[str]) -> list[tuple[str, str]]:
        """Return repositories with their counterparts in the other environment.

        :param repositories: all that both environments declare, where there are none.
        """
        named = list(dict.fromkeys(repositories))
        for one in named:
            self._check(self.source, one)
        if named:
            return [(one, self.target_of(one)) for one in named]
        declared = self._declared(self.target)
        pairs = [(one, self._counterpart(one)) for one in self._declared(self.source)]
        return [(one, other) for one, other in pairs if other in declared]

    def target_of(self, repository: str) -> str:
        """Return the repository of the other environment for one of this environment."""
        found = self._counterpart(repository)
        self._check(self.target, found)
        return found

    def _of_pin(self, name: str, pin: PinModel) -> PromotedImage:
        if pin.registry == PUBLIC_REGISTRY:
            raise UserError(
                f"The pin '{name}' of '{self.source.settings.name}' is an image of "
                f"{PUBLIC_REGISTRY}, which every environment can pull. Copy the pin into "
                f"{self.target.settings.name}.images.yaml.",
                ExitCode.FAULT,
            )
        owner = self.source.owner_of(pin)
        own = self.target.repositories().get(name)
        is_own = own is not None and own[0] == self.target.settings.name
        target = own[1] if own and is_own else self._counterpart(pin.repository_name)
        self._check(self.target, target)
        return PromotedImage(
            owner=owner,
            source=pin.repository_name,
            reference=pin.digest or pin.tag or "",
            tag=pin.tag,
            target=target,
            pins=(name,) if name in self.target.settings.images else (),
        )

    def _counterpart(self, repository: str) -> str:
        """Return the repository by which the other environment's files name the same images."""
        own = self.target.settings.name
        others = self.target.repositories()
        found = {
            others[name][1]
            for name, (owner, one) in self.source.repositories().items()
            if owner == self.source.settings.name
            and one == repository
            and others.get(name, ("", ""))[0] == own
        }
        if not found or repository in found:
            return repository
        if len(found) > 1:
            raise UserError(
                f"'{own}' has the images of '{repository}' in several repositories: "
                f"{', '.join(sorted(found))}. Name one image by its pin.",
                ExitCode.FAULT,
            )
        return found.pop()

    def _pins_of(self, repository: str, target: str) -> tuple[str, ...]:
        """Return the names under which workloads run images of a repository."""
        ours, theirs = self.source.repositories(), self.target.repositories()
        own = (self.target.settings.name, target)
        there = (self.source.settings.name, repository)
        return tuple(
            name
            for name in self.target.settings.images
            if theirs.get(name) == own
            or (name not in theirs and ours.get(name) == there)
            or (name not in theirs and name not in ours and name == target)
        )

    @staticmethod
    def _declared(side: _Side) -> list[str]:
        return [one.name for one in side.settings.repositories]

    def _check(self, side: _Side, repository: str) -> None:
        declared = self._declared(side)
        if repository not in declared:
            name = side.settings.name
            raise UserError(
                f"The environment '{name}' declares no repository '{repository}'"
                f"{name_hint(repository, declared)} Add it to {name}.yaml and deploy it.",
                ExitCode.FAULT,
            )


def _side(environment: str, folder: Path) -> _Side:
    # The promotion may write the pin that is missing.
    settings = load_environment(environment, folder, with_pins=False)
    found = read_pins(pins_path(environment, folder))
    if found.file.faults:
        raise UserError(str(found.file.report(found.file.faults)), ExitCode.FAULT)
    return _Side(settings, found.pins)
