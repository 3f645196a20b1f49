"""The release that this copy of the site is; each update rewrites it."""

RELEASE = "0"
