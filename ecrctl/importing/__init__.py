"""``ecrctl import``: an account's repositories as an environment file."""
