"""The registry of releases: pushing them there, pulling them from there, and what it says."""
