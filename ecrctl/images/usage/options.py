"""The options that choose the workloads to look at."""

from pathlib import Path
from typing import Annotated

import typer

InUse = Annotated[
    bool, typer.Option("--in-use", help="Ask ECS, and a Kubernetes cluster, which images they run.")
]
Kubeconfig = Annotated[
    Path | None,
    typer.Option("--kubeconfig", metavar="FILE", help="The cluster to ask, with --in-use."),
]
Context = Annotated[
    str | None,
    typer.Option("--context", metavar="NAME", help="The context of the kubeconfig to ask."),
]
