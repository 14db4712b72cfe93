"""A fleet of repositories, made in one way or the other; prints the seconds it took."""

from __future__ import annotations

import gc
import os
import sys
import time

# As app.py does: both ways get it, so that only the constructs differ.
gc.disable()
os.environ.setdefault("NODE_OPTIONS", "--v8-pool-size=0")

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from constructs_lib import Access, Encryption, PrivateRepository
from constructs_lib.rules.ecr.images import repository_logical_id
from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS

STACK_SIZE = 250
PULLER = "222222222222"
KEY = "arn:aws:kms:us-west-2:111111111111:key/1234"


def ours(stack: cdk.Stack, key: kms.IKey, numbers: range) -> None:
    """Make repositories with the construct of this package."""
    encryption = Encryption.customer_managed(key)
    for number in numbers:
        name = f"team/app-{number}"
        PrivateRepository(
            stack,
            repository_logical_id(name),
            repository_name=name,
            encryption=encryption,
            pull=Access(accounts=(PULLER,)),
        )


def by_hand(stack: cdk.Stack, key: kms.IKey, numbers: range) -> None:
    """Make the same repositories by hand, with the construct of the CDK."""
    for number in numbers:
        repository = ecr.Repository(
            stack,
            f"R{number}",
            repository_name=f"team/app-{number}",
            encryption=ecr.RepositoryEncryption.KMS,
            encryption_key=key,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
        )
        repository.add_lifecycle_rule(
            tag_status=ecr.TagStatus.UNTAGGED, max_image_age=cdk.Duration.days(7)
        )
        repository.add_lifecycle_rule(max_image_count=30)
        repository.add_to_resource_policy(
            iam.PolicyStatement(
                actions=list(PULL_ACTIONS), principals=[iam.AccountPrincipal(PULLER)]
            )
        )


def main(way: str, count: int) -> None:
    """Make the fleet, synthesise it and print the time."""
    start = time.monotonic()
    app = cdk.App(analytics_reporting=False)
    environment = cdk.Environment(account="111111111111", region="us-west-2")
    for first in range(0, count, STACK_SIZE):
        stack = cdk.Stack(app, f"Stack{first}", env=environment)
        key = kms.Key.from_key_arn(stack, "Key", KEY)
        make = ours if way == "ours" else by_hand
        make(stack, key, range(first, min(first + STACK_SIZE, count)))
    app.synth()
    print(time.monotonic() - start)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
