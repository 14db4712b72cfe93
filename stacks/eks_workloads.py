"""The stack of an environment's Kubernetes Jobs."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from constructs import Construct

from constructs_lib import EksImageJob
from environments.settings import EksJobSettings

from .images import image_of


class EksWorkloadsStack(cdk.Stack):
    """Define the stack of the Jobs that run an environment's images on EKS."""

    def __init__(
        self, scope: Construct, construct_id: str, *, jobs: Sequence[EksJobSettings]
    ) -> None:
        super().__init__(
            scope, construct_id, description="Kubernetes Jobs that run images by their URI"
        )
        for job in jobs:
            spec = job.spec
            EksImageJob(
                self,
                spec.name,
                name=spec.name,
                image=image_of(self, job.image),
                service_account=spec.service_account,
                args=spec.args,
                command=spec.command,
                container_name=spec.container_name,
                labels=spec.labels,
                namespace=spec.namespace,
                restart_policy=spec.restart_policy,
                name_suffix=spec.name_suffix,
                hardening=spec.hardening,
            )
