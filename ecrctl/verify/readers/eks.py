"""What a Kubernetes Job has in AWS: its parameter and its association, as they are deployed."""

from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks import forms
from ecrctl.verify.stacks.resource_types import CHOSEN, Live, Property, Resource, ResourceType

_IN_THE_CLUSTER = (
    "a Lambda function applies it to the cluster, which alone knows its state; read it with "
    "`kubectl get`"
)


def read_parameter(reading: Reading, resource: Resource) -> Live | None:
    """Return a parameter by its name."""
    name = resource.physical_id
    answer = reading.call("ssm", "get_parameter", Name=name)
    if answer is None:
        return None
    described = reading.listed(
        "ssm",
        "describe_parameters",
        "Parameters[]",
        ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [name]}],
    )
    about = described[0] if described else {}
    tags = reading.call("ssm", "list_tags_for_resource", ResourceType="Parameter", ResourceId=name)
    found = answer["Parameter"]
    return Live(
        properties={
            "Name": found["Name"],
            "Value": found["Value"],
            "Type": found["Type"],
            "DataType": found.get("DataType"),
            "AllowedPattern": about.get("AllowedPattern"),
            "Description": about.get("Description"),
            "Tier": about.get("Tier"),
            "Policies": about.get("Policies"),
            "Tags": (tags or {}).get("TagList"),
        }
    )


def read_association(reading: Reading, resource: Resource) -> Live | None:
    """Return an association of EKS Pod Identity by its ID, in the cluster that it is declared for.

    Its ID can be an ARN that ends with it.
    """
    answer = reading.call(
        "eks",
        "describe_pod_identity_association",
        clusterName=resource.declared("ClusterName"),
        associationId=resource.physical_id.rpartition("/")[2],
    )
    if answer is None:
        return None
    found = answer["association"]
    return Live(
        properties={
            "ClusterName": found["clusterName"],
            "Namespace": found["namespace"],
            "RoleArn": found["roleArn"],
            "ServiceAccount": found["serviceAccount"],
            "TargetRoleArn": found.get("targetRoleArn"),
            "DisableSessionTags": found.get("disableSessionTags"),
            "Tags": found.get("tags"),
        },
        attributes={"AssociationArn": found["associationArn"]},
    )


TYPES = (
    ResourceType(
        name="AWS::SSM::Parameter",
        read=read_parameter,
        properties={
            "Name": Property(CHOSEN),
            "Value": Property(),
            "Type": Property("String"),
            "DataType": Property("text"),
            "AllowedPattern": Property(),
            "Description": Property(),
            "Tier": Property("Standard"),
            "Policies": Property(),
            "Tags": Property(form=forms.tags),
        },
    ),
    ResourceType(
        name="AWS::EKS::PodIdentityAssociation",
        read=read_association,
        properties={
            "ClusterName": Property(),
            "Namespace": Property(),
            "RoleArn": Property(),
            "ServiceAccount": Property(),
            "TargetRoleArn": Property(),
            "DisableSessionTags": Property(CHOSEN),
            "Tags": Property(form=forms.tags),
        },
    ),
    ResourceType(name="Custom::AWSCDK-EKS-KubernetesResource", not_compared={"*": _IN_THE_CLUSTER}),
    ResourceType(
        name="Custom::AWSCDK-EKS-KubernetesObjectValue", not_compared={"*": _IN_THE_CLUSTER}
    ),
)
