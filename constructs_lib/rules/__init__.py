"""The rules of ECR, IAM, ECS and Kubernetes as pure functions and values.

Nothing here imports the CDK: a rule can be asked without starting jsii.
"""
