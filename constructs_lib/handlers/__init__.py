"""The code of Lambda functions, which is deployed as text and imported by no construct."""
