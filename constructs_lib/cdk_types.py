"""The CDK's interfaces, each with its class where type checkers see no implementation.

The parameters of the class's methods have other names than those of the interface. So pyright
refuses a ``kms.Key`` as a ``kms.IKey``, although the CDK accepts it. The types of one module alone
are in that module, because an import of more of the CDK takes time.
"""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

Key = kms.IKey | kms.Key
Role = iam.IRole | iam.Role
