"""Rules about what CloudFormation or a service refuses."""
