"""The stacks that CloudFormation has for an environment, saved as a cloud assembly."""
