"""CloudFormation's quotas for one template.

Source: AWS CloudFormation User Guide, "Understand CloudFormation quotas".
"""

MAXIMUM_RESOURCES = 500
MAXIMUM_OUTPUTS = 200
# Of the template file as it is uploaded to S3, with its indentation.
MAXIMUM_TEMPLATE_BYTES = 1_000_000
