"""A Kubernetes Job that runs one image, delivered as a manifest."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast
from weakref import WeakKeyDictionary

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from .image import Image
from .rules.faults import Fault, refuse
from .rules.kubernetes_job import JobSpec, RestartPolicy, job_manifest
from .rules.yaml_text import yaml_text
from .stack_facts import is_token, stack_of

MANIFESTS_DIRECTORY = "manifests"
STANDARD_PARAMETER_CHARACTERS = 4_096
LARGEST_PARAMETER_CHARACTERS = 8_192


class EksImageJob(Construct):
    """Define a ``batch/v1`` Job that runs an image, for whoever applies it to a cluster.

    The manifest is delivered twice, with the same bytes: as a file in the cloud assembly,
    ``manifests/<stack name>/<name>.yaml`` (under its namespace, when one is given), and as an
    SSM parameter, so that what a deployment delivered can be read back, or applied, from the
    account. By default the Job's name ends
    with a hash of every field that Kubernetes will not change in place, so that a new image
    makes a new Job; the pod runs under the restricted Pod Security Standard with a read-only
    root file system.

    :param scope: the construct this one belongs to.
    :param construct_id: its ID there.
    :param name: the Job's name, an RFC 1123 label of up to 52 characters (63 without a hash).
    :param image: the image to run; its URI must be known at synthesis, so the stack, or the
        repository's reference, names an account and a region.
    :param service_account: the Kubernetes service account whose identity the pod has.
    :param args: the container's arguments; the image's own by default.
    :param command: the container's entry point; the image's own by default.
    :param container_name: the container's name; the Job's by default.
    :param labels: the pod's labels; ``app: <name>`` by default.
    :param namespace: the namespace; by default that of whoever applies the manifest.
    :param restart_policy: ``Never`` (the default) or ``OnFailure``.
    :param name_suffix: ``hash`` by default; ``none`` keeps the name as it is, and then a changed
        Job must be deleted in the cluster before it can be applied again.
    :param hardening: ``restricted`` by default; ``none`` leaves the cluster's defaults.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``manifest`` is the document, ``manifest_yaml`` its text, ``job_name`` the Job's
    full name, ``parameter_name`` the SSM parameter that holds the text.

    Sources: Kubernetes API reference, "Job v1 batch"; Kubernetes documentation, "Pod Security
    Standards".

    >>> from constructs_lib import PrivateRepository
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> api = PrivateRepository.from_name(stack, "Api", repository_name="team/api",
    ...     account="111111111111", region="eu-west-1")
    >>> job = EksImageJob(stack, "Job", name="list", image=Image(repository=api, tag="v1"),
    ...     service_account="reader", args=["s3", "ls"])
    >>> job.manifest["kind"], job.job_name.startswith("list-")
    ('Job', True)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        image: Image,
        service_account: str,
        args: Sequence[str] = (),
        command: Sequence[str] = (),
        container_name: str | None = None,
        labels: Mapping[str, str] | None = None,
        namespace: str | None = None,
        restart_policy: RestartPolicy = "Never",
        name_suffix: Literal["hash", "none"] = "hash",
        hardening: Literal["restricted", "none"] = "restricted",
    ) -> None:
        self.manifest: dict[str, Any] = job_manifest(
            JobSpec(
                name=name,
                image_uri=image.uri,
                service_account=service_account,
                args=tuple(args),
                command=tuple(command),
                container_name=container_name,
                labels=dict(labels or {}),
                namespace=namespace,
                restart_policy=restart_policy,
                name_suffix=name_suffix,
                hardening=hardening,
            )
        )
        self.manifest_yaml = yaml_text(self.manifest)
        stack = stack_of(scope)
        path = f"{namespace}/{name}" if namespace else name
        refuse(
            f"EksImageJob '{construct_id}'",
            [*_text_faults(self.manifest_yaml), *_place_faults(stack, path)],
        )
        super().__init__(scope, construct_id)
        self.job_name: str = self.manifest["metadata"]["name"]
        self.parameter_name = f"/{stack.stack_name}/jobs/{path}"
        is_large = len(self.manifest_yaml) > STANDARD_PARAMETER_CHARACTERS
        ssm.CfnParameter(
            self,
            "Resource",
            name=self.parameter_name,
            type="String",
            tier="Advanced" if is_large else "Standard",
            description=f"The manifest of the Kubernetes Job {name}",
            value=self.manifest_yaml,
        )
        self._write(stack, path)

    def _write(self, stack: cdk.Stack, path: str) -> None:
        # The CDK lets no construct add a file to the cloud assembly other than as an asset to
        # upload, so the file is put where the assembly of this stage will be.
        stage = cast("cdk.Stage", cdk.Stage.of(self))  # there is always one: an App is a Stage
        folder = Path(stage.outdir, MANIFESTS_DIRECTORY, stack.stack_name)
        if stack not in _WRITTEN:
            # What an earlier synth left there is no Job of this one.
            shutil.rmtree(folder, ignore_errors=True)
        _WRITTEN.setdefault(stack, set()).add(path)
        file = folder / f"{path}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.manifest_yaml, encoding="utf-8")


_WRITTEN: WeakKeyDictionary[cdk.Stack, set[str]] = WeakKeyDictionary()


def _place_faults(stack: cdk.Stack, path: str) -> list[Fault]:
    if is_token(stack.stack_name):
        return [
            Fault(
                "",
                "a nested stack has no name before it is deployed, and a manifest's file and "
                "parameter are named after it. Put the Job into a top-level stack.",
            )
        ]
    if path in _WRITTEN.get(stack, ()):
        return [
            Fault(
                "name",
                f"another Job of this stack has the name '{path}'. Choose another name.",
            )
        ]
    return []


def _text_faults(text: str) -> list[Fault]:
    if "{{" in text:
        return [
            Fault(
                "",
                "a manifest is also kept in an SSM parameter, which refuses '{{'. "
                "Remove it from the Job's arguments and labels.",
            )
        ]
    if is_token(text):
        return [
            Fault(
                "",
                "a manifest file cannot hold a value that is known only at deployment, and one of "
                "image, args, command or labels is. Give the stack, or the repository's "
                "reference, a concrete account and region.",
            )
        ]
    if len(text) > LARGEST_PARAMETER_CHARACTERS:
        return [
            Fault(
                "",
                f"a manifest is also kept in an SSM parameter, which holds "
                f"{LARGEST_PARAMETER_CHARACTERS:,} characters, got {len(text):,}. "
                "Move long arguments into the image or a ConfigMap.",
            )
        ]
    return []
