"""Places that contain images: registries, OCI layouts and the local engine."""
