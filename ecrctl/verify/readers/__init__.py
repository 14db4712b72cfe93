"""The properties of deployed resources, read service by service in CloudFormation's shape."""
