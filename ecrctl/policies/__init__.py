"""IAM policies, read once for ``ecrctl access`` and ``ecrctl review``."""
