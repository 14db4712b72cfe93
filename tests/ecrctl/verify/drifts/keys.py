"""Changes of deployed keys."""

from __future__ import annotations

import json

from . import ANYONE, Deployed, drift, resource

KEY = resource("Encryption", "Key", "Resource", "Resource")
TOPIC_KEY = resource("Notifications", "Images", "Key", "Resource")


def key(at: Deployed) -> str:
    return at.id("Encryption", "Key", "Resource", "Resource")


@drift((KEY, "KeyPolicy.*"))
def key_opened(at: Deployed) -> object:
    return at.kms.put_key_policy(KeyId=key(at), PolicyName="default", Policy=json.dumps(ANYONE))


@drift((KEY, "EnableKeyRotation"), ("key alias/ecr/everything", "rotation"))
def key_rotation_disabled(at: Deployed) -> object:
    return at.kms.disable_key_rotation(KeyId=key(at))


@drift((KEY, "Description"))
def key_described_otherwise(at: Deployed) -> object:
    return at.kms.update_key_description(KeyId=key(at), Description="Nothing to see")


@drift((KEY, "Grants"))
def key_granted(at: Deployed) -> object:
    return at.kms.create_grant(
        KeyId=key(at),
        GranteePrincipal="arn:aws:iam::999999999999:role/intruder",
        Operations=["Decrypt"],
    )


@drift((KEY, "Tags*"))
def key_tagged(at: Deployed) -> object:
    return at.kms.tag_resource(KeyId=key(at), Tags=[{"TagKey": "owner", "TagValue": "me"}])


@drift((KEY, "Enabled"), ("key alias/ecr/everything", "state"))
def key_disabled(at: Deployed) -> object:
    return at.kms.disable_key(KeyId=key(at))


@drift((TOPIC_KEY, "KeyPolicy.*"))
def key_of_the_topic_opened(at: Deployed) -> object:
    key_id = at.id("Notifications", "Images", "Key", "Resource")
    return at.kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=json.dumps(ANYONE))


@drift((TOPIC_KEY, "Enabled"))
def deletion_of_the_topics_key_scheduled(at: Deployed) -> object:
    key_id = at.id("Notifications", "Images", "Key", "Resource")
    return at.kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
