"""The error of environments whose files have faults."""

from checked_files.reports import Report


class EnvironmentFault(Exception):
    """Raised when environments have faults, with a report for the person who edits each file."""

    def __init__(self, *reports: Report | str) -> None:
        self.reports = tuple(dict.fromkeys(reports))
        super().__init__("\n".join(map(str, self.reports)))
