from django.apps import AppConfig


class Harbour(AppConfig):
    name = "harbour"

    def ready(self) -> None:
        from harbour import checks  # noqa: F401
