import hashlib

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from harbour.models import Berth


def quay(request: HttpRequest) -> HttpResponse:
    berth, _ = Berth.objects.get_or_create(length=30, width=4)
    berth.refresh_from_db()
    token = hashlib.sha256(settings.TIDE_TABLE_TOKEN.encode()).hexdigest()
    return render(request, "harbour/quay.html", {"berth": berth, "token": token})
