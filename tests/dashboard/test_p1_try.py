import pytest, re
from django.test import Client
from tests.factories import *
pytestmark = pytest.mark.django_db
def sign(who):
    c=Client(); c.force_login(persona(who), backend="django.contrib.auth.backends.ModelBackend"); return c
@pytest.mark.parametrize("state", list(State))
def test_states(state):
    live_version()
    p = promotion_in(state)
    for who in ("riley","sam","dana","ana"):
        r = sign(who).get(f"/promotions/{p.pk}/")
        assert r.status_code == 200
