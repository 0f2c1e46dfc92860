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

handler403 = "dashboard.views.errors.forbidden"
handler404 = "dashboard.views.errors.not_found"
handler500 = "dashboard.views.errors.server_error"
