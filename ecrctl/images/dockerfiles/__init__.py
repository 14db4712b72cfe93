"""The base images of Dockerfiles, and whether each is pinned by its digest."""
