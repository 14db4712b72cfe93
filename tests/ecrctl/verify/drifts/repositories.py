"""Changes of deployed repositories and of their images."""

from __future__ import annotations

import json

from ecrctl.local.sample_image import sample_image

from . import Deployed, drift, repository, repository_arn


@drift(("repository team/api", "tags"), (repository("team/api"), "Tags.team"))
def required_tag_removed(at: Deployed) -> object:
    return at.ecr.untag_resource(resourceArn=repository_arn("team/api"), tagKeys=["team"])


@drift(("repository team/web", "tags"), (repository("team/web"), "Tags.cost-center"))
def tag_changed(at: Deployed) -> object:
    tag = {"Key": "cost-center", "Value": "99"}
    return at.ecr.tag_resource(resourceArn=repository_arn("team/web"), tags=[tag])


@drift(("repository tools/backup", "tags"), (repository("tools/backup"), "Tags.owner"))
def tag_added(at: Deployed) -> object:
    tag = {"Key": "owner", "Value": "someone"}
    return at.ecr.tag_resource(resourceArn=repository_arn("tools/backup"), tags=[tag])


@drift(("repository team/api", "tag immutability"), (repository("team/api"), "ImageTagMutability"))
def tags_made_mutable(at: Deployed) -> object:
    return at.ecr.put_image_tag_mutability(repositoryName="team/api", imageTagMutability="MUTABLE")


@drift(
    ("repository team/api", "scan on push"),
    (repository("team/api"), "ImageScanningConfiguration.ScanOnPush"),
)
def scan_switched_off(at: Deployed) -> object:
    return at.ecr.put_image_scanning_configuration(
        repositoryName="team/api", imageScanningConfiguration={"scanOnPush": False}
    )


@drift(
    ("repository team/api", "repository policy"),
    (repository("team/api"), "RepositoryPolicyText.*"),
)
def repository_opened(at: Deployed) -> object:
    statement = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "ecr:*"}
    return at.ecr.set_repository_policy(
        repositoryName="team/api",
        policyText=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


@drift(
    ("repository tools/backup", "repository policy"),
    (repository("tools/backup"), "RepositoryPolicyText"),
)
def repository_policy_deleted(at: Deployed) -> object:
    return at.ecr.delete_repository_policy(repositoryName="tools/backup")


@drift(
    ("repository team/api", "lifecycle policy"), (repository("team/api"), "LifecyclePolicy.rule 1*")
)
def shield_removed(at: Deployed) -> object:
    text = json.loads(at.ecr.get_lifecycle_policy(repositoryName="team/api")["lifecyclePolicyText"])
    text["rules"] = text["rules"][1:]
    return at.ecr.put_lifecycle_policy(
        repositoryName="team/api", lifecyclePolicyText=json.dumps(text)
    )


@drift(
    ("repository tools/backup", "lifecycle policy"),
    (repository("tools/backup"), "LifecyclePolicy"),
)
def lifecycle_policy_added(at: Deployed) -> object:
    text = at.ecr.get_lifecycle_policy(repositoryName="team/web")["lifecyclePolicyText"]
    return at.ecr.put_lifecycle_policy(repositoryName="tools/backup", lifecyclePolicyText=text)


@drift(
    ("repository tools/scanner", "lifecycle policy"),
    (repository("tools/scanner"), "LifecyclePolicy"),
)
def lifecycle_policy_deleted(at: Deployed) -> object:
    return at.ecr.delete_lifecycle_policy(repositoryName="tools/scanner")


@drift(("repository tools/spare", "exists"), (repository("tools/spare"), "exists"))
def repository_deleted(at: Deployed) -> object:
    return at.ecr.delete_repository(repositoryName="tools/spare", force=True)


@drift(
    ("image 000000000000/us-east-1/team/web", "in its registry"),
    ("image 000000000000/us-east-1/team/web", "tag v2"),
)
def running_image_deleted(at: Deployed) -> object:
    return at.ecr.batch_delete_image(
        repositoryName="team/web", imageIds=[{"imageDigest": sample_image().digest}]
    )
