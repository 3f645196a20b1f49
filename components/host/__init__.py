"""The Docker host: what is on it, what may be done there, and what to do when it refuses."""
