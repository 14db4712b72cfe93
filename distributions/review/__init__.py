"""The distribution of the review, for any CDK app."""
