"""The error of environments whose files have faults."""


class EnvironmentFault(Exception):
    """Raised when environments have faults, with a report for the person who edits each file."""

    def __init__(self, *reports: str) -> None:
        self.reports = tuple(dict.fromkeys(reports))
        super().__init__("\n".join(self.reports))
