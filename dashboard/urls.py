"""Addresses of the pages. Mails and records hold them, so they never change."""

from django.urls import path

from dashboard.views import promotion

urlpatterns = [
    path("promotions/<int:number>/", promotion.show, name="promotion"),
    path("promotions/<int:number>/review/", promotion.review, name="promotion_review"),
    path("promotions/<int:number>/comment/", promotion.comment, name="promotion_comment"),
    path("promotions/<int:number>/withdraw/", promotion.withdraw, name="promotion_withdraw"),
    path("promotions/<int:number>/resubmit/", promotion.resubmit, name="promotion_resubmit"),
    path("promotions/<int:number>/gates/<slug:key>/rerun/", promotion.rerun, name="gate_rerun"),
]
