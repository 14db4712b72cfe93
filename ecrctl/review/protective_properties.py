"""The properties that protect something, by their names, which many types have in common.

CloudFormation names a setting alike in most types: ``StorageEncrypted``, ``DeletionProtection``,
``KmsKeyId``. So a review judges such a property in every type, also in one that has no row in the
table of types. Names are in lower case, because custom resources have their own spelling; a name
with a dot is the end of a path.

Source: CloudFormation template reference, the properties of each type.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple


class Levels(NamedTuple):
    """The values of a property, from the weakest to the strongest.

    :param values: in lower case; those of one level protect alike.
    :param default: the level of a missing property.
    """

    values: tuple[tuple[str, ...], ...]
    default: int = 0


_TRUE_PROTECTS = Levels((("false",), ("true",)))
_FALSE_PROTECTS = Levels((("true",), ("false",)), default=1)
LEVELS: Mapping[str, Levels] = {
    **dict.fromkeys(
        (
            "atrestencryptionenabled",
            "blockpublicacls",
            "blockpublicpolicy",
            "deletionprotectionenabled",
            "enablelogfilevalidation",
            "encrypted",
            "encryptionatrestoptions.enabled",
            "endpointprivateaccess",
            "enforcehttps",
            "enforceworkgroupconfiguration",
            "ignorepublicacls",
            "islogging",
            "ismultiregiontrail",
            "nodetonodeencryptionoptions.enabled",
            "objectlockenabled",
            "pointintimerecoveryenabled",
            "requireencryption",
            "requiretls",
            "restrictpublicbuckets",
            "rootvolumeencryptionenabled",
            "rotateencryptionkey",
            "ssespecification.sseenabled",
            "storageencrypted",
            "tlsenabled",
            "transitencryptionenabled",
            "uservolumeencryptionenabled",
        ),
        _TRUE_PROTECTS,
    ),
    **dict.fromkeys(
        ("includeglobalserviceevents", "sqsmanagedsseenabled"), _TRUE_PROTECTS._replace(default=1)
    ),
    **dict.fromkeys(
        (
            "allowclassicflow",
            "allowcleartext",
            "allowunauthenticatedidentities",
            "associatepublicipaddress",
            "autoacceptsharedattachments",
            "bypasspolicylockoutsafetycheck",
            "disablesessiontags",
            "encryptiondisabled",
            "mappubliciponlaunch",
            "privilegedmode",
            "publiclyaccessible",
        ),
        _FALSE_PROTECTS,
    ),
    "authenticationtype": Levels(
        (("api_key",), ("aws_iam", "amazon_cognito_user_pools", "openid_connect"))
    ),
    "authorizationtype": Levels((("none",), ("aws_iam", "custom", "cognito_user_pools", "jwt"))),
    "clusterendpointencryptiontype": Levels((("none",), ("tls",))),
    "deletion_protection.enabled": _TRUE_PROTECTS,
    "deletionprotection": Levels(
        (("false", "inactive", "disabled", "none"), ("true", "active", "enabled"))
    ),
    "encryptiontype": Levels((("none",), ("aes256",), ("kms",), ("kms_dsse",))),
    "httptokens": Levels((("optional",), ("required",))),
    "mfaconfiguration": Levels((("off",), ("optional",), ("on",))),
    "originprotocolpolicy": Levels((("http-only",), ("match-viewer",), ("https-only",))),
    "protocol": Levels((("http", "tcp", "udp", "tcp_udp"), ("https", "tls"))),
    "ssealgorithm": Levels((("aes256",), ("aws:kms",), ("aws:kms:dsse",))),
    "transitencryption": Levels((("disabled",), ("enabled",))),
    "transitencryptionmode": Levels((("preferred",), ("required",))),
    "untrustedartifactondeployment": Levels((("warn",), ("enforce",))),
    "versioningconfiguration.status": Levels((("suspended",), ("enabled",))),
    "viewerprotocolpolicy": Levels((("allow-all",), ("redirect-to-https",), ("https-only",))),
}
# A smaller number, or a list with fewer items, protects less.
AMOUNTS = frozenset(
    {
        "automatedsnapshotretentionperiod",
        "backupretentionperiod",
        "enablecloudwatchlogsexports",
        "enabledtypes",
        "minretentiondays",
        "recoveryperiodindays",
        "snapshotretentionlimit",
        "snapshotretentionperiod",
    }
)
# A greater number protects less.
LIMITS = frozenset({"httpputresponsehoplimit"})
# Without one of these settings as a whole, something is no longer protected.
KEPT = frozenset(
    {
        "accesslogsetting",
        "accesslogsettings",
        "accessloggingpolicy",
        "advancedsecurityoptions",
        "bucketencryption",
        "cloudwatchlogsloggrouparn",
        "clusterlogging",
        "codesigningconfigarn",
        "dataprotectionpolicy",
        "encryptionconfig",
        "encryptionconfiguration",
        "encryptioninfo",
        "encryptionspecification",
        "lockconfiguration",
        "loggingconfiguration",
        "logginginfo",
        "loggingproperties",
        "logpublishingoptions",
        "mutualtlsauthentication",
        "objectlockconfiguration",
        "queryloggingconfig",
        "serversideencryptionconfiguration",
        "streamencryption",
        "webaclarn",
        "webaclid",
    }
)
# Another value may protect less: the names of cipher suites have no order here.
UNORDERED = frozenset({"minimumprotocolversion", "sslpolicy", "tlssecuritypolicy"})
# Another rule judges which addresses reach a cluster.
_OF_CLUSTERS = ("endpointpublicaccess", "publicaccesscidrs")
# The customer's key that encrypts the data; a key of AWS has an alias of this form.
KEY_NAME = re.compile(r"(?:kms\w*key\w*|keyarn|encryptionkey(?:arn)?|defaultencryptionkey)")
KEY_OF_AWS = re.compile(r"(?:arn:[^:]*:kms:[^:]*:[^:]*:)?alias/aws/.*|aws_owned_.*")


def is_protective(path: str) -> bool:
    """Return whether a rule judges a property in every type, by its path."""
    steps = [one for one in path.lower().split(".") if not one.isdigit()] or [path]
    names = {steps[-1], ".".join(steps[-2:])}
    every = (*LEVELS, *AMOUNTS, *LIMITS, *KEPT, *UNORDERED, *_OF_CLUSTERS)
    return not names.isdisjoint(every) or KEY_NAME.fullmatch(steps[-1]) is not None
