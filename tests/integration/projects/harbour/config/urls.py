from django.urls import path
from harbour.views import quay

urlpatterns = [path("", quay)]
