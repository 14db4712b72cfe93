"""``ecrctl init``, ``check`` and ``list``: the files of environments, without AWS and a synth."""
