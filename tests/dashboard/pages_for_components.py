"""Addresses for component tests: every page the frame links to, and one page that shows every component."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone

from dashboard.forest import measure_axis, segment_axis
from dashboard.hallmarks import hallmark
from dashboard.views.theme import choose_theme
from tests.dashboard.components import DRAWING, GATES, MEASURES, SEGMENTS


def gallery(request: HttpRequest) -> HttpResponse:
    """Every component once, with the figures of tests/dashboard/components.py."""
    now = timezone.now()
    context: dict[str, Any] = {
        "measures": MEASURES,
        "measure_axis": measure_axis(MEASURES),
        "segments": SEGMENTS,
        "segment_axis": segment_axis(SEGMENTS, limit=0.02),
        "gates": GATES,
        "outcomes": [gate["outcome"] for gate in GATES],
        "dies": hallmark(
            maker="Dana Ortiz",
            measure=("AUC", 0.884),
            executed=True,
            approvals=[("platform", "Marcus Klein"), ("risk", None)],
            struck_on=None,
        ),
        "earlier": now - timedelta(hours=3),
        "due_later": now + timedelta(hours=25),
        "due_before": now - timedelta(hours=6),
        "drawing": DRAWING,
        "approvers": ["Marcus Klein"],
        "waiting_count": 3,
    }
    return render(request, "gallery.html", context)


def blank(request: HttpRequest) -> HttpResponse:
    return render(request, "base.html")


urlpatterns = [
    path("", blank, name="inbox"),
    path("models/", gallery, name="models"),
    path("compare/", blank, name="compare_models"),
    path("datasets/", blank, name="datasets"),
    path("exceptions/", blank, name="exceptions"),
    path("audit/", blank, name="audit"),
    path("policies/", blank, name="policies"),
    path("account/", blank, name="account"),
    path("theme/", choose_theme, name="theme"),
    path("sign-in/", LoginView.as_view(), name="login"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
]
