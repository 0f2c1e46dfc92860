from django.contrib import admin
from django.urls import include, path

from api.urls import api
from config.health import healthz

urlpatterns = [
    path("", include("dashboard.urls")),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
]
