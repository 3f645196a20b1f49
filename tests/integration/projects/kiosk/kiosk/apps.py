from django.apps import AppConfig
from django.core import checks


class Kiosk(AppConfig):
    name = "kiosk"

    def ready(self):
        checks.register(no_till)


def no_till(**kwargs):
    return [checks.Error("there is no till", id="kiosk.E001")]
