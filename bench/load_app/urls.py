"""Below /-load/, where no page of the site can be."""

from django.urls import path

from . import views

urlpatterns = [
    path("read", views.read),
    path("write", views.write),
    path("slow", views.slow),
    path("keys", views.keys),
    path("upload", views.upload),
    path("download", views.download),
]
