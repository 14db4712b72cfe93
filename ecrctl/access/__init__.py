"""``ecrctl access``: who can pull, push and administer each repository."""
