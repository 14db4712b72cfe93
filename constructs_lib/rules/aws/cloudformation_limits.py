"""CloudFormation's limits of one stack.

Source: AWS CloudFormation user guide, "Understand CloudFormation quotas".
"""

from __future__ import annotations

MAXIMUM_RESOURCES = 500
MAXIMUM_TEMPLATE_BYTES = 1_000_000
MAXIMUM_OUTPUTS = 200
