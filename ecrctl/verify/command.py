"""``ecrctl verify``: everything that an environment declares, compared with AWS.

It is compared twice. The checks of the files expect what the files and the rules alone require, so
that a property that a construct forgets is found. The checks of the stacks expect what the
templates contain, so that every property of every resource is compared, or named as not compared.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice

from ecrctl.aws.accounts import check_account
from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.cdk.assemblies import Stack
from environments.settings import EnvironmentSettings

from .check import Check
from .files import checks_of_files
from .files.lookup import Lookup
from .reading import Reading
from .stacks.comparison import check_resource, check_stack
from .stacks.deployed import DeployedEnvironment, DeployedStack
from .stacks.drift import check_drift

# As many as a client keeps connections.
_PARALLEL = 32
# No stack has this name.
_FILES = ""
Job = Callable[[], Iterable[Check]]
Progress = Callable[[int, int], None]


def _no_progress(_done: int, _all: int) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The checks of an environment.

    :param files: the checks whose expected values follow from the files and the rules.
    :param stacks: the checks whose expected values are in the templates, by the stack's name.
    """

    files: Sequence[Check]
    stacks: Mapping[str, Sequence[Check]]

    @property
    def checks(self) -> list[Check]:
        """All checks, in the order of the tables."""
        return [*self.files, *(one for checks in self.stacks.values() for one in checks)]


def verify(
    settings: EnvironmentSettings,
    stacks: Sequence[Stack],
    aws: Aws,
    *,
    drift: bool = False,
    progress: Progress = _no_progress,
) -> Verification:
    """Compare everything that an environment declares with AWS.

    :param stacks: the stacks that its files synthesise to.
    :param drift: whether to add the differences that CloudFormation detects itself.
    :param progress: is called with the number of finished jobs and of all jobs.
    :raises UserError: where the credentials belong to another account, or AWS cannot be read.
    """
    with as_user_errors(f"Reading back '{settings.name}'"), _pool() as pool:
        check_account(settings, aws)
        reading = Reading(aws)
        deployed = DeployedEnvironment(stacks, reading, pool)
        jobs = {_FILES: checks_of_files(Lookup(settings, reading))}
        for stack in deployed.stacks:
            jobs[stack.stack.stack_name] = _jobs_of(stack, drift=drift)
        done = _run([job for listed in jobs.values() for job in listed], pool, progress)
        found = {
            name: [check for checks in islice(done, len(listed)) for check in checks]
            for name, listed in jobs.items()
        }
        return Verification(files=found.pop(_FILES), stacks=found)


def _jobs_of(stack: DeployedStack, *, drift: bool) -> list[Job]:
    jobs: list[Job] = [partial(check_stack, stack)]
    # A stack that is not deployed is one row, its resources included.
    if stack.description:
        jobs += [partial(check_resource, one) for one in stack.resources]
        jobs += [partial(check_drift, stack)] if drift else []
    return jobs


@contextmanager
def _pool() -> Iterator[Executor]:
    pool = ThreadPoolExecutor(_PARALLEL)
    try:
        yield pool
    finally:
        # After an error, what has not begun is of no use.
        pool.shutdown(wait=True, cancel_futures=True)


def _run(jobs: Sequence[Job], pool: Executor, progress: Progress) -> Iterator[list[Check]]:
    for done, found in enumerate(pool.map(lambda job: list(job()), jobs), start=1):
        progress(done, len(jobs))
        yield found
