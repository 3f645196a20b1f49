"""What every container of a deployment gets, whatever it does."""

RESTART = "always"
"""When containers come back: after a crash, a reboot, and a daemon that died. With
``unless-stopped`` the last would leave the site down: a daemon that comes up again stops what
outlived it, and takes that for a wish."""

LOG_LIMITS = {"max-size": "10m", "max-file": "3"}
"""How much of what a container says the daemon keeps."""
