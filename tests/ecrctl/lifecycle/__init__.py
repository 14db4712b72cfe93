"""The command that previews a lifecycle policy, with what needs each image."""
