"""The stack of the key that an environment's repositories share."""

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib import RepositoryKey
from environments.names import key_alias


class EncryptionStack(cdk.Stack):
    """Define the stack of an environment's rotating key, which is retained on deletion."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: str) -> None:
        super().__init__(
            scope, construct_id, description=f"The key that encrypts the images of {environment}"
        )
        self.key: kms.IKey = RepositoryKey(self, "Key", alias=key_alias(environment)).key
