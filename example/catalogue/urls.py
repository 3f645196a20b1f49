from django.urls import path

from . import views

urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("lights/", views.Lights.as_view(), name="lights"),
    path("lights/<slug:slug>/", views.Light.as_view(), name="light"),
    path("categories/<slug:slug>/", views.CategoryLights.as_view(), name="category"),
    path("sightings/", views.Sightings.as_view(), name="sightings"),
    path("<slug:slug>/", views.StandalonePage.as_view(), name="page"),
]
