"""Everything that is looked at to learn whether an image is in use."""

from ecrctl.aws.clients import Aws
from ecrctl.aws.unread import Unread
from ecrctl.errors import UserError

from .ecs import ecs_uses
from .kubernetes import KubernetesCluster, kubernetes_uses
from .uses import Workloads

_NO_CLUSTER = (
    "Kubernetes was not looked at. Add --kubeconfig FILE or --context NAME to look at a cluster."
)


def read_workloads(aws: Aws, account: str, cluster: KubernetesCluster | None) -> Workloads:
    """Return what ECS runs in the account and region, and what a Kubernetes cluster runs.

    :param cluster: ``None`` where no cluster is named, which is then a sentence of ``unread``.
    """
    unread = Unread()
    uses = ecs_uses(aws, unread)
    places = [f"ECS in account {account}, {aws.region}"]
    if cluster:
        uses += kubernetes_uses(cluster, unread)
        places.append(str(cluster))
    else:
        unread.add(_NO_CLUSTER)
    return Workloads(tuple(uses), tuple(places), tuple(unread.sentences))


def check_options(*, in_use: bool, cluster: KubernetesCluster | None) -> None:
    """Raise an error for a cluster that is named and would not be looked at."""
    if cluster and not in_use:
        raise UserError("--kubeconfig and --context require --in-use. Add it, or omit them.")
    if cluster and cluster.kubeconfig and not cluster.kubeconfig.is_file():
        raise UserError(
            f"--kubeconfig: there is no file {cluster.kubeconfig}. Create it, for example with "
            "`aws eks update-kubeconfig`."
        )
