import os
from pathlib import Path

BASE = Path(__file__).parents[1]

# It accepts True and False alone.
DEBUG = {"True": True, "False": False}[os.environ["DEBUG"]]
SECRET_KEY = os.environ["SECRET_KEY"]
KIOSK_TOKEN = os.environ["KIOSK_TOKEN"]
ROOT_URLCONF = "kiosk.urls"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "kiosk.apps.Kiosk",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE / "db.sqlite3"},
    # Where it can be reached, one page shows what is in it.
    "trac": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "trac",
        "HOST": "127.0.0.1",
        "PORT": 1,
    },
    "archive": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE / "archive.sqlite3"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
STATIC_URL = "https://static.kiosk.example/files/"
