"""``ecrctl local``: the main job on the embedded AWS."""
