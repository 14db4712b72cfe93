"""The public repositories of an environment, compared with AWS."""

import json
from collections.abc import Iterable, Iterator

from constructs_lib.rules.policy.statements import policy_document
from ecrctl.verify.check import MISSING, NONE, Check
from ecrctl.verify.readers.ecr_public import catalog_data
from ecrctl.verify.reading import UnansweredError
from environments.names import PUBLIC_REPOSITORIES, stack_name
from environments.settings import PublicRepositorySettings

from .lookup import Lookup
from .repositories import DELETION, in_template, own_tags
from .text import differing, listed, pairs, statements_by_sid

_SHOWN_CHARACTERS = 60
_ONLY_URL = "ECR Public returns the URL of a logo alone"


def check_public_repository(
    repository: PublicRepositorySettings, lookup: Lookup
) -> Iterator[Check]:
    """Yield every property of a public repository that the environment's file declares."""
    subject = f"public repository {repository.name}"
    try:
        live = lookup.live("AWS::ECR::PublicRepository", repository.name)
    except UnansweredError as error:
        yield Check.not_compared(subject, "every property", str(error))
        return
    if live is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    spec, found, policy = repository.spec, live.properties, live.properties["RepositoryPolicyText"]
    data, deployed = spec.catalog_data, live.properties["RepositoryCatalogData"]
    rows = {
        "stack": _stack(repository, lookup),
        "repository policy": differing(
            statements_by_sid(policy_document(spec.policy)),
            statements_by_sid(json.loads(policy) if policy else None),
        ),
        "description": _texts(data.description, deployed["RepositoryDescription"]),
        "about": _texts(data.about, deployed["AboutText"]),
        "usage": _texts(data.usage, deployed["UsageText"]),
        "architectures": _words(data.architectures, deployed["Architectures"]),
        "operating systems": _words(data.operating_systems, deployed["OperatingSystems"]),
        "tags": (pairs(spec.tags.items()), pairs(own_tags(found["Tags"]))),
    }
    yield from (Check(subject, what, *values) for what, values in rows.items())
    yield from _logo(subject, repository, lookup)
    yield _removal(subject, repository, lookup)


def _stack(repository: PublicRepositorySettings, lookup: Lookup) -> tuple[str, str]:
    declared = stack_name(lookup.settings.name, PUBLIC_REPOSITORIES)
    if repository.name in lookup.resource_ids(PUBLIC_REPOSITORIES).values():
        return declared, declared
    return declared, (
        "not in this stack: the repository was retained when it was removed from the file, or was "
        "created elsewhere. A deployment would fail with AlreadyExists; first run "
        f"`npx cdk import '{lookup.settings.name}/{PUBLIC_REPOSITORIES}'`"
    )


def _texts(declared: str | None, found: str | None) -> tuple[str, str]:
    is_same = declared == (found or None)
    return _text(declared, is_same=is_same), _text(found, is_same=is_same)


def _text(text: str | None, *, is_same: bool) -> str:
    """Return the length of a text, and its beginning where it differs from another one."""
    if not text:
        return NONE
    length = f"{len(text):,} characters"
    return length if is_same else f"{length}: {text[:_SHOWN_CHARACTERS]!r}"


def _words(declared: Iterable[str], found: Iterable[str] | None) -> tuple[str, str]:
    return listed(declared), listed(found or ())


def _logo(subject: str, repository: PublicRepositorySettings, lookup: Lookup) -> Iterator[Check]:
    is_set = "logoUrl" in catalog_data(lookup.reading, repository.name)
    declared, found = ("set" if one else NONE for one in (repository.logo, is_set))
    yield Check(subject, "logo", declared, found)
    if repository.logo and is_set:
        yield Check.not_compared(subject, "content of the logo", _ONLY_URL)


def _removal(subject: str, repository: PublicRepositorySettings, lookup: Lookup) -> Check:
    """Return what CloudFormation does when the repository leaves the stack's template."""
    stack = stack_name(lookup.settings.name, PUBLIC_REPOSITORIES)
    found = in_template(repository.name, stack, lookup)
    if found is None:
        reason = "no deployed template in JSON declares the repository"
        return Check.not_compared(subject, "removal", reason)
    deletion = found.get("DeletionPolicy", "Delete")
    return Check(subject, "removal", DELETION[repository.spec.removal], deletion)
