"""The AWS CDK CLI, and the cloud assemblies that it writes."""
