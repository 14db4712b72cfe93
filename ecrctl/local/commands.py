"""The commands of a local run: ``ecrctl`` and the CDK CLI, as processes of their own."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ecrctl.cdk import toolchain
from ecrctl.cdk.assemblies import Stack
from ecrctl.errors import UserError

from .emulator import Emulator
from .supervision import Supervision


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands, run against the embedded AWS, with their output in log files.

    :param output: the folder of the logs and the cloud assemblies.
    """

    output: Path
    emulator: Emulator
    supervision: Supervision

    def at(self, account: str, region: str) -> "Commands":
        """Return the commands for another account and region of the same embedded AWS."""
        return replace(self, emulator=replace(self.emulator, account=account, region=region))

    def ecrctl(self, environments: Path, *arguments: str) -> str:
        """Run a command of ``ecrctl``, and return the last line of its output.

        :param environments: the folder of the environment files.
        :raises UserError: with the end of the log, when the command fails.
        """
        log = self.output / "ecrctl.log"
        with log.open("ab") as output:
            output.write(f"$ ecrctl {' '.join(arguments)}\n".encode())
            output.flush()
            start = output.tell()
            process = toolchain.start_group(
                [sys.executable, "-m", "ecrctl", "--environments", str(environments), *arguments],
                cwd=toolchain.ROOT,
                variables={**os.environ, **self.emulator.variables()},
                output=output,
            )
            try:
                self.supervision.started(process.pid)
                status = process.wait()
            finally:
                toolchain.end_group(process)
        if status:
            end = toolchain.end_of(log, start=start)
            raise UserError(f"`ecrctl {arguments[0]}` failed. {end}")
        lines = log.read_bytes()[start:].decode(errors="replace").splitlines()
        return lines[-1] if lines else ""

    def bootstrap(self, region: str) -> None:
        """Bootstrap a region, away from cdk.json, which would start a synth."""
        self._cdk("bootstrap", f"aws://{self.emulator.account}/{region}", cwd=self.output)

    def deploy(self, environment: str, environments: Path, *stacks: str) -> None:
        """Synthesise an environment and deploy some of its stacks.

        :param environments: the folder of the environment files.
        """
        self._cdk(
            *("deploy", *stacks, "--require-approval", "never"),
            *("--app", toolchain.present_tools().app_command()),
            *("--output", str(self.output / "cdk.out")),
            *("--context", f"env={environment}"),
            *("--context", f"environments={environments}"),
        )

    def deploy_assembly(self, assembly: Path, stacks: Sequence[Stack]) -> None:
        """Deploy some stacks of a cloud assembly, in the order of their dependencies."""
        if not stacks:
            return  # The CDK CLI would deploy all of them.
        self._cdk(
            # A stack that another one depends on may have nothing that can be deployed.
            *("deploy", *(one.name for one in stacks), "--exclusively"),
            *("--require-approval", "never", "--app", str(assembly)),
            cwd=self.output,
        )

    def _cdk(self, *arguments: str, cwd: Path = toolchain.ROOT) -> None:
        toolchain.run_cdk(
            arguments,
            environment=self.emulator.variables(),
            log=self.output / "cdk.log",
            cwd=cwd,
            on_start=self.supervision.started,
        )
