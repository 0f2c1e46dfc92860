"""Addresses of the pages. Mails and records hold them, so they never change."""

from django.urls import path

from dashboard.views import account, audit, inbox, letters, model, models, people, policies, promotion, version
from dashboard.views.theme import choose_theme

urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("models/", models.models, name="models"),
    path("models/<str:name>/", model.model, name="model"),
    path("models/<str:name>/versions.csv", model.versions_file, name="versions_file"),
    path("models/<str:name>/versions/<int:number>/", version.version, name="version"),
    path("models/<str:name>/versions/<int:number>/artifacts/<path:path>", version.artifact, name="artifact"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export/", audit.export_record, name="audit_export"),
    path("people/", people.people, name="people"),
    path("people/<str:username>/", people.person_rights, name="person_rights"),
    path("models/<str:name>/people/", people.model_people, name="model_people"),
    path("policies/", policies.policies, name="policies"),
    path("policies/<int:number>/", policies.policy, name="policy"),
    path("account/", account.account, name="account"),
    path("letters/stop/<str:token>/", letters.stop_letters, name="stop_letters"),
    path("account/password/", account.change_password, name="password"),
    path("theme/", choose_theme, name="theme"),
    path("sign-in/", account.sign_in, name="login"),
    path("sign-out/", account.sign_out, name="logout"),
    path("promotions/<int:number>/", promotion.show, name="promotion"),
    path("promotions/<int:number>/review/", promotion.review, name="promotion_review"),
    path("promotions/<int:number>/comment/", promotion.comment, name="promotion_comment"),
    path("promotions/<int:number>/withdraw/", promotion.withdraw, name="promotion_withdraw"),
    path("promotions/<int:number>/resubmit/", promotion.resubmit, name="promotion_resubmit"),
    path("promotions/<int:number>/gates/<slug:key>/rerun/", promotion.rerun, name="gate_rerun"),
]
