"""The command line: try locally, pin, verify, review and import."""

VERSION = "0.1.0"
