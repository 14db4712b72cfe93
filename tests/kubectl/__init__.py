"""The real kubectl changes Jobs of an API server that records each request."""
