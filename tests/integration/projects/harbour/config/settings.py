import json
import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
# Read where it is imported: without the file there are no settings.
SECRETS = json.loads((BASE_DIR / "conf/secrets.json").read_text())

SECRET_KEY = os.environ["SECRET_KEY"]
TIDE_TABLE_TOKEN = SECRETS["tide_table"]["token"]
SITE_URL = os.environ["SITE_URL"]
INSTALLED_APPS = ["django.contrib.staticfiles", "harbour"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.postgresql", "NAME": "harbour", "HOST": "db.internal"}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
