"""The repositories of an account that no stack manages."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.aws.stacks import repositories_of_stack

_PARALLEL = 32


def unmanaged_repositories(aws: Aws) -> tuple[list[str], int]:
    """Return the repositories that no stack of the account and region manages, and how many exist.

    A repository of a stack in another region or account is not known here.
    """
    with as_user_errors("Listing the repositories that no stack manages"):
        pages = aws.ecr.get_paginator("describe_repositories").paginate()
        names = sorted(pages.search("repositories[].repositoryName"))
        stacks = aws.cloudformation.get_paginator("describe_stacks").paginate()
        with ThreadPoolExecutor(_PARALLEL) as pool:
            managed = pool.map(
                lambda stack: repositories_of_stack(aws.cloudformation, stack),
                list(stacks.search("Stacks[].StackName")),
            )
            known = {name for listed in managed for name in listed}
    return [name for name in names if name not in known], len(names)


def sentence(place: str, unmanaged: Sequence[str], count: int) -> str:
    """Return one line that says how many repositories no stack manages."""
    if not unmanaged:
        return f"{place}: a stack manages each of the {count:,} repositories."
    return f"{place}: no stack manages {len(unmanaged):,} of {count:,} repositories."
