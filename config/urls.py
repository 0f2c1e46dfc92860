from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from api.urls import api
from config.health import healthz, readyz

admin.site.site_header = admin.site.site_title = "Assaydesk administration"
admin.site.index_title = "Roles, people and policies"

urlpatterns = [
    path("", include("dashboard.urls")),
    path("api/v1/", api.urls),
    # Django's own form would change the password past the record and leave the tokens of the old one alive.
    path("admin/password_change/", admin.site.admin_view(RedirectView.as_view(pattern_name="password"))),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=static("assaydesk/mark.svg")), name="favicon"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
