"""Rules of a private registry as a whole: its settings for an account and a region."""
