# mypy: ignore-errors
from django.conf import settings
from django.shortcuts import render

from .models import Shelf


def index(request):
    return render(
        request, "depot/index.html", {"name": settings.DEPOT_NAME, "shelves": Shelf.objects.all()}
    )
