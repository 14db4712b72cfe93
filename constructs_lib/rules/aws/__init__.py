"""Rules of AWS and the CDK as a whole: partitions, resource tags, tokens."""
