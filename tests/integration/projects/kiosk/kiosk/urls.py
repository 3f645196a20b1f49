from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from . import views

urlpatterns = [
    path("", RedirectView.as_view(url="shelf/")),
    path("shelf/", views.shelf),
    path("admin/", admin.site.urls),
]
