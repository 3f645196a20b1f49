"""When containers come back by themselves."""

RESTART = "always"
"""After a crash, a reboot, and a daemon that died. With ``unless-stopped`` the last would leave the
site down: a daemon that comes up again stops what outlived it, and takes that for a wish."""
