"""The vulnerabilities that ECR and Amazon Inspector find in an image, and the gate on them."""
