import grain
import psycopg2
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def home(request: HttpRequest) -> HttpResponse:
    return render(
        request, "home.html", {"kind": grain.KIND, "libpq": psycopg2.extensions.libpq_version()}
    )
