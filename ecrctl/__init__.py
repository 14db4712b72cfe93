"""The command line: try locally, pin, verify, review and import."""
