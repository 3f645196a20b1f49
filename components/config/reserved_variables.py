"""The variables that the keys `env` and `secrets` may not set."""

RESERVED = (
    "ALLOWED_HOSTS",
    "COLLECT_STATIC_ON_STARTUP",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASE_URL",
    "DEBUG",
    "DJANGO_SETTINGS_MODULE",
    "DJANGO_SUPERUSER_EMAIL",
    "DJANGO_SUPERUSER_PASSWORD",
    "DJANGO_SUPERUSER_USERNAME",
    "MEDIA_ROOT",
    "PATH",
    "PORT",
    "PYTHONPATH",
    "RELEASE",
    "SECRET_KEY",
    "STATIC_ROOT",
)
"""Variables of the containers that config keys decide, or the program itself."""
