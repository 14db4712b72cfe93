"""Images built from a Dockerfile, by the builder that is installed."""
