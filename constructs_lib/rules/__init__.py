"""The rules of ECR, IAM, ECS and Kubernetes as pure functions and values.

No module here imports the CDK, so calling a rule starts no jsii.
"""
