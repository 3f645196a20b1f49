from django.urls import path

from mill.views import home

urlpatterns = [path("", home)]
