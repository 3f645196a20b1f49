"""The settings of a deployed site: the project's own, and what they lack for production.

DJANGO_SETTINGS_MODULE names this module, DEPLOY_SETTINGS_MODULE the project's. What is supplied
and why is listed in DEPLOY_SUPPLIED, which the image's build report shows.
"""

import os

from . import environment, overlay_rules

environment.load()
_settings, DEPLOY_SUPPLIED = overlay_rules.load(os.environ)
globals().update(_settings)
