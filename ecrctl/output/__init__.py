"""The output of every command: the format of its result, and the messages beside it."""
