"""The site's addresses. Media files are the deployment's to serve, except while developing."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import include, path

admin.site.site_header = "Lanterna"
admin.site.site_title = "Lanterna"
admin.site.index_title = "The keeper's desk"

urlpatterns = [
    path("admin/", admin.site.urls),
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
    path("", include("catalogue.urls")),
]
