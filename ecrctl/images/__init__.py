"""Images and the registries that contain them."""
