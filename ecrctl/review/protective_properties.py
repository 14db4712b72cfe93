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
# In the values of a chart and in a patch; the containers of workloads have a rule of their own.
POD_SETTINGS = ("allowprivilegeescalation", "hostipc", "hostnetwork", "hostpid", "privileged")
LEVELS: Mapping[str, Levels] = {
    **dict.fromkeys(
        (
            "acceptancerequired",
            "access_logs.s3.enabled",
            "allowadmincreateuseronly",
            "allsupported",
            "apikeyrequired",
            "atrestencryptionenabled",
            "blockpublicacls",
            "blockpublicpolicy",
            "connection_logs.s3.enabled",
            "deletionprotectionenabled",
            "enable",
            "enablelogfilevalidation",
            "enablenetworkisolation",
            "encrypted",
            "encryptionatrestoptions.enabled",
            "endpointprivateaccess",
            "enforcehttps",
            "enhancedvpcrouting",
            "enforceworkgroupconfiguration",
            "ignorepublicacls",
            "islogging",
            "ismultiregiontrail",
            "isorganizationtrail",
            "managemasteruserpassword",
            "nodetonodeencryptionoptions.enabled",
            "objectlockenabled",
            "pointintimerecoveryenabled",
            "requireencryption",
            "requiretls",
            "restrictpublicbuckets",
            "routing.http.drop_invalid_header_fields.enabled",
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
        (
            "actionsenabled",
            "autominorversionupgrade",
            "includeglobalserviceevents",
            "includemanagementevents",
            "privatednsenabled",
            "sqsmanagedsseenabled",
        ),
        _TRUE_PROTECTS._replace(default=1),
    ),
    **dict.fromkeys(
        (
            "allowclassicflow",
            "allowcleartext",
            "allowcredentials",
            "allowunauthenticatedidentities",
            "associatepublicipaddress",
            "autoacceptsharedattachments",
            "bypasspolicylockoutsafetycheck",
            "disablesessiontags",
            "encryptiondisabled",
            "ispubliclyaccessible",
            "mappubliciponlaunch",
            "privilegedmode",
            "publiclyaccessible",
            "waf.fail_open.enabled",
        ),
        _FALSE_PROTECTS,
    ),
    **dict.fromkeys(POD_SETTINGS, _FALSE_PROTECTS),
    **dict.fromkeys(
        ("rds.force_ssl", "require_secure_transport"),
        Levels((("0", "off", "false"), ("1", "on", "true"))),
    ),
    "treatmissingdata": Levels((("ignore", "missing", "notbreaching"), ("breaching",))),
    "accesscontrol": Levels(
        (
            ("publicreadwrite",),
            ("publicread", "authenticatedread"),
            (
                "awsexecread",
                "bucketownerfullcontrol",
                "bucketownerread",
                "logdeliverywrite",
                "private",
            ),
        ),
        default=2,
    ),
    "authtype": Levels((("none",), ("aws_iam",))),
    "authenticationtype": Levels(
        (("api_key",), ("aws_iam", "amazon_cognito_user_pools", "openid_connect"))
    ),
    "authorizationtype": Levels((("none",), ("aws_iam", "custom", "cognito_user_pools", "jwt"))),
    "clusterendpointencryptiontype": Levels((("none",), ("tls",))),
    "deletion_protection.enabled": _TRUE_PROTECTS,
    "deletionprotection": Levels(
        (("false", "inactive", "disabled", "none"), ("true", "active", "enabled"))
    ),
    "defaultretention.mode": Levels((("governance",), ("compliance",))),
    **dict.fromkeys(("directinternetaccess", "rootaccess"), Levels((("enabled",), ("disabled",)))),
    "executecommandconfiguration.logging": Levels((("none",), ("default", "override")), default=1),
    "encryptiontype": Levels((("none",), ("aes256",), ("kms",), ("kms_dsse",))),
    "logginglevel": Levels((("off",), ("error",), ("info",))),
    "networkmode": Levels((("public",), ("vpc",))),
    "objectownership": Levels(
        (("objectwriter",), ("bucketownerpreferred",), ("bucketownerenforced",)), default=2
    ),
    "readwritetype": Levels((("readonly", "writeonly"), ("all",)), default=1),
    "routing.http.desync_mitigation_mode": Levels(
        (("monitor",), ("defensive",), ("strictest",)), default=1
    ),
    "scheme": Levels((("internet-facing",), ("internal",))),
    "snapshotblockpublicaccess.state": Levels(
        (("unblocked",), ("block-new-sharing",), ("block-all-sharing",))
    ),
    "status": Levels((("disabled", "suspended"), ("enabled",))),
    "visibility": Levels((("public", "public_read"), ("private",)), default=1),
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
        "alarmactions",
        "automatedsnapshotretentionperiod",
        "backupretentionperiod",
        "defaultretention.days",
        "defaultretention.years",
        "enablecloudwatchlogsexports",
        "enabledtypes",
        "insufficientdataactions",
        "minretentiondays",
        "recoveryperiodindays",
        "snapshotretentionlimit",
        "snapshotretentionperiod",
        "targetids",
    }
)
# A greater number protects less.
LIMITS = frozenset(
    {
        "datapointstoalarm",
        "httpputresponsehoplimit",
        "maxsessionduration",
        "rotationperiodindays",
    }
)
# What these lists name is exempt, or may reach something: with more items, less is protected.
EXEMPTIONS = frozenset(
    {
        "actionssuppressor",
        "additionalauthenticationproviders",
        "allowedheaders",
        "allowedmethods",
        "allowedorigins",
        "allowedpublishers.signingprofileversionarns",
        "allowheaders",
        "allowmethods",
        "alloworigins",
        "callbackurls",
        "excludemanagementeventsources",
        "replicaregions",
    }
)
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
        "logging",
        "loggingconfiguration",
        "logginginfo",
        "loggingproperties",
        "logpublishingoptions",
        "mutualtlsauthentication",
        "objectlockconfiguration",
        "queryloggingconfig",
        "serversideencryptionconfiguration",
        "streamencryption",
        "vpcconfig",
        "vpcconfiguration",
        "webaclarn",
        "webaclid",
    }
)
# Another value may protect less: the names of cipher suites, keys and places have no order here.
UNORDERED = frozenset(
    {
        "endpointconfiguration.types",
        "filtergroups",
        "minimumprotocolversion",
        "networkaclid",
        "s3bucketname",
        "sessionduration",
        "signaturevalidityperiod.type",
        "signaturevalidityperiod.value",
        "sslpolicy",
        "targetkeyid",
        "tlssecuritypolicy",
    }
)
# Another rule judges which addresses reach a cluster.
_OF_CLUSTERS = ("endpointpublicaccess", "publicaccesscidrs")
# The customer's key that encrypts the data; a key of AWS has an alias of this form.
KEY_NAME = re.compile(r"(?:kms\w*key\w*|keyarn|encryptionkey(?:arn)?|defaultencryptionkey)")
KEY_OF_AWS = re.compile(r"(?:arn:[^:]*:kms:[^:]*:[^:]*:)?alias/aws/.*|aws_owned_.*")


def is_protective(path: str) -> bool:
    """Return whether a rule judges a property in every type, by its path."""
    steps = [one for one in path.lower().split(".") if not one.isdigit()] or [path]
    names = {steps[-1], ".".join(steps[-2:])}
    every = (*LEVELS, *AMOUNTS, *LIMITS, *EXEMPTIONS, *KEPT, *UNORDERED, *_OF_CLUSTERS)
    return not names.isdisjoint(every) or KEY_NAME.fullmatch(steps[-1]) is not None
