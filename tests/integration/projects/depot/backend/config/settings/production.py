from .base import *  # noqa: F403

DEBUG = False
DATABASES["archive"] = {  # noqa: F405
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": "/srv/data/archive.sqlite3",
}
