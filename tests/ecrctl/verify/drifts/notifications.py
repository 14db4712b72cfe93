"""Changes of deployed notifications, logs and manifests."""

from __future__ import annotations

import json

from environments.names import job_parameter

from . import ANYONE, Deployed, drift, resource

RULES = "notifications, "


def rule(at: Deployed, name: str) -> str:
    return at.id("Notifications", "Images", name)


@drift((resource("Notifications", "Images", "Topic", "Policy", "Resource"), "PolicyDocument.*"))
def topic_opened(at: Deployed) -> object:
    return at.sns.set_topic_attributes(
        TopicArn=at.id("Notifications", "Images", "Topic", "Resource"),
        AttributeName="Policy",
        AttributeValue=json.dumps(ANYONE),
    )


@drift((resource("Notifications", "Images", "Topic", "Resource"), "Tags*"))
def topic_tagged(at: Deployed) -> object:
    arn = at.id("Notifications", "Images", "Topic", "Resource")
    return at.sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "owner", "Value": "me"}])


@drift((f"{RULES}Pushes", "target"), (resource("Notifications", "Images", "Pushes"), "State"))
def rule_disabled(at: Deployed) -> object:
    return at.events.disable_rule(Name=rule(at, "Pushes"))


@drift(
    (f"{RULES}BasicScans", "target"),
    (resource("Notifications", "Images", "BasicScans"), "Targets*"),
)
def target_added(at: Deployed) -> object:
    target = {"Id": "Extra", "Arn": "arn:aws:sns:us-east-1:999999999999:elsewhere"}
    return at.events.put_targets(Rule=rule(at, "BasicScans"), Targets=[target])


@drift(
    (f"{RULES}InspectorFindings", "target"),
    (resource("Notifications", "Images", "InspectorFindings"), "Targets"),
)
def target_removed(at: Deployed) -> object:
    return at.events.remove_targets(Rule=rule(at, "InspectorFindings"), Ids=["Target"])


@drift(
    (f"{RULES}FailedPulls", "pattern"),
    (resource("Notifications", "Images", "FailedPulls"), "EventPattern*"),
)
def pattern_changed(at: Deployed) -> object:
    pattern = json.dumps({"source": ["nothing"]})
    return at.events.put_rule(Name=rule(at, "FailedPulls"), EventPattern=pattern, State="ENABLED")


@drift(
    (f"{RULES}PullThroughFailures", "exists"),
    (resource("Notifications", "Images", "PullThroughFailures"), "exists"),
)
def rule_deleted(at: Deployed) -> object:
    name = rule(at, "PullThroughFailures")
    at.events.remove_targets(Rule=name, Ids=["Target"])
    return at.events.delete_rule(Name=name)


@drift(
    (resource("EcsWorkloads", "other", "Logs", "Resource"), "RetentionInDays"),
    ("task definition other", "logs are kept"),
)
def retention_shortened(at: Deployed) -> object:
    group = at.ecs("other", "Logs", "Resource")
    return at.logs.put_retention_policy(logGroupName=group, retentionInDays=1)


@drift(
    (resource("EcsWorkloads", "batch", "Logs", "Resource"), "exists"),
    ("task definition batch", "logs are kept"),
)
def log_group_deleted(at: Deployed) -> object:
    return at.logs.delete_log_group(logGroupName=at.ecs("batch", "Logs", "Resource"))


@drift((resource("EcsWorkloads", "other", "Logs", "Resource"), "Tags*"))
def log_group_tagged(at: Deployed) -> object:
    group = at.ecs("other", "Logs", "Resource")
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
    return at.logs.tag_resource(resourceArn=arn, tags={"owner": "me"})


@drift(
    ("CronJob nightly", "manifest, line *"),
    (resource("EksWorkloads", "nightly", "Resource"), "Value"),
    (resource("EksWorkloads", "nightly", "Resource"), "Description"),
)
def manifest_changed(at: Deployed) -> object:
    name = job_parameter("everything", "batch/nightly")
    value = at.ssm.get_parameter(Name=name)["Parameter"]["Value"]
    changed = value.replace("- s3\n", "- s3api\n")
    assert changed != value
    return at.ssm.put_parameter(
        Name=name, Value=changed, Type="String", Overwrite=True, Description="Mine now"
    )


@drift(("Job report", "exists"), (resource("EksWorkloads", "report", "Resource"), "exists"))
def manifest_deleted(at: Deployed) -> object:
    return at.ssm.delete_parameter(Name=job_parameter("everything", "batch/report"))
