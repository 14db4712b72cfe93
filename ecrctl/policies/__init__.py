"""IAM policies: the one reader that ``ecrctl access`` and ``ecrctl review`` share."""
