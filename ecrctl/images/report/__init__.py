"""``ecrctl report``: the images of an environment's repositories, their use, risk and cost."""
