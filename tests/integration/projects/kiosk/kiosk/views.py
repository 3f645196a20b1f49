from django.conf import settings
from django.db import connections
from django.shortcuts import render


def shelf(request):
    light = settings.KIOSK_TOKEN
    archive = connections["archive"].settings_dict["NAME"]
    return render(request, "kiosk/shelf.html", {"archive": archive, "lit": bool(light)})
