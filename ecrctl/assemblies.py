"""Cloud assemblies: made by the CDK CLI, read as files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import toolchain


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Define a synthesised stack.

    :param name: its path in the app, such as ``dev/Repositories-web``.
    """

    name: str
    account: str
    region: str
    template: dict[str, Any]

    @property
    def environment(self) -> str:
        """Give the stage it is in, which is named after its environment."""
        return self.name.partition("/")[0]

    def resources(self, resource_type: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the resources of a type by their logical IDs."""
        for logical_id, resource in self.template.get("Resources", {}).items():
            if resource["Type"] == resource_type:
                yield logical_id, resource


def synthesise(environment: str | None, environments: Path, output: Path) -> Path:
    """Synthesise one environment, or all, into a folder, without AWS."""
    chosen = ("--context", f"env={environment}") if environment else ()
    toolchain.check_cdk()
    toolchain.run_cdk(
        [
            *("synth", "--quiet", "--app", toolchain.app_command()),
            *("--output", str(output / "cdk.out")),
            *chosen,
            *("--context", f"environments={environments}"),
        ],
        environment={},
        log=output / "cdk.log",
    )
    return output / "cdk.out"


def stacks_of(assembly: Path) -> list[Stack]:
    """Give the stacks of all stages of an assembly, by name."""
    found: list[Stack] = []
    for manifest in assembly.rglob("manifest.json"):
        for artifact in json.loads(manifest.read_text())["artifacts"].values():
            if artifact["type"] != "aws:cloudformation:stack":
                continue
            # aws://ACCOUNT/REGION
            _, _, account, region = artifact["environment"].split("/")
            template = manifest.parent / artifact["properties"]["templateFile"]
            found.append(
                Stack(
                    name=artifact["displayName"].split(" ")[0],
                    account=account,
                    region=region,
                    template=json.loads(template.read_text()),
                )
            )
    return sorted(found, key=lambda stack: stack.name)
