"""Amazon ECR's rules: names, images, tags, events and endpoints."""
