"""Mutation testing: small changes to a room's code, each of which a test of the room must notice.

``python -m tests.mutation ROOM`` or ``make mutants ROOM=...`` tries them. A room is a folder, such
as ``constructs_lib`` or ``ecrctl/aws``; a room inside another one counts by itself. ``--count``
mutants (200) are chosen by ``--seed`` (11), spread over the files by their number of possible
changes. In a copy of the project, the room's tests run once to learn which of them execute which
line (with the package ``coverage``); each mutant then runs those that execute its statement.

A survivor needs the test that is missing, or a line in ``equivalent.md`` with the reason why no
test could notice it. ``--out`` writes one line of JSON for each mutant; ``--survivors FILE``
tries only the survivors of such a file again.
"""
