"""Policies in the admin site: written, looked at, published; what is wrong is said beside the field and by line."""

from typing import Any

import pytest
import yaml
from django.contrib.auth.models import Group
from django.test import Client

from accounts.actions import change_groups
from accounts.roles import Role
from approvals import policies
from approvals.actions import open_promotion, publish_policy
from approvals.gates import GATES
from approvals.models import Policy, PolicyRevision
from approvals.policy_lines import line_of
from approvals.policy_preview import as_yaml, in_short
from approvals.queries import policy_in_force
from audit.models import AuditEvent
from registry.models import Model, Stage
from tests import factories
from tests.approvals.test_policies import GOOD, changed

pytestmark = pytest.mark.django_db
ADD = "/admin/approvals/policy/add/"


@pytest.fixture
def loan() -> Model:
    return factories.model_named("loan")


@pytest.fixture
def admin_site(loan: Model) -> Client:
    factories.holdout()
    client = Client()
    administrator = factories.person("Petra Policy", Role.ADMINISTRATOR)
    client.force_login(administrator, backend="django.contrib.auth.backends.ModelBackend")
    return client


def published(loan: Model, document: dict[str, Any] = GOOD) -> Policy:
    return publish_policy("Loan", document, actor=None, target_stage=Stage.PRODUCTION, model=loan).policy


def change_page(policy: Policy) -> str:
    return f"/admin/approvals/policy/{policy.pk}/change/"


def form(document: Any, **fields: str) -> dict[str, str]:
    text = document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False)
    return {"name": "Loan", "target_stage": "Production", "risk_tier": "", "model": "", "document": text, **fields}


def errors_of(answer: Any) -> Any:
    return answer.context["adminform"].form.errors


def previewed(client: Client, page: str, fields: dict[str, str]) -> Any:
    """The page after Preview, its errors shown to be none."""
    answer = client.post(page, {**fields, "_preview": "1"})
    assert answer.status_code == 200
    assert errors_of(answer) == {}
    return answer


def publish(client: Client, page: str, fields: dict[str, str]) -> Any:
    """Preview, then publish what was looked at, as the page's own form sends it."""
    token = previewed(client, page, fields).context["adminform"].form.token
    return client.post(page, {**fields, "previewed": token, "_save": "1"})


# --- Publishing --------------------------------------------------------------------------------------------


def test_an_administrator_publishes_a_policy(admin_site: Client, loan: Model) -> None:
    assert publish(admin_site, ADD, form(GOOD, model=str(loan.pk))).status_code == 302
    revision = policy_in_force(loan, Stage.PRODUCTION)
    assert revision is not None
    assert (revision.policy.name, revision.number, revision.document) == ("Loan", 1, GOOD)
    assert revision.published_by is not None and revision.published_by.display_name == "Petra Policy"
    assert AuditEvent.objects.filter(verb="policy.published", actor=revision.published_by.username).exists()


def test_editing_a_policy_publishes_the_next_revision(admin_site: Client, loan: Model) -> None:
    policy = published(loan)
    shown = admin_site.get(change_page(policy)).context["adminform"].form.initial["document"]
    assert yaml.safe_load(shown) == GOOD
    edited = form(shown.replace("due_days: 3", "due_days: 9"), model=str(loan.pk))
    assert publish(admin_site, change_page(policy), edited).status_code == 302
    assert [revision.document["due_days"] for revision in policy.revisions.order_by("number")] == [3, 9]


@pytest.mark.parametrize("button", ["_preview", "_save", "_continue", "_addanother"])
def test_nothing_is_published_that_was_not_looked_at(admin_site: Client, loan: Model, button: str) -> None:
    before = PolicyRevision.objects.count()
    answer = admin_site.post(ADD, {**form(GOOD, model=str(loan.pk)), button: "1"})
    assert answer.status_code == 200
    assert "Publish revision 1" in answer.content.decode()
    assert PolicyRevision.objects.count() == before


def test_what_was_edited_after_the_preview_is_previewed_again(admin_site: Client, loan: Model) -> None:
    policy = published(loan)
    fields = form(changed("due_days", 9), model=str(loan.pk))
    token = previewed(admin_site, change_page(policy), fields).context["adminform"].form.token
    other = form(changed("due_days", 99), model=str(loan.pk))
    answer = admin_site.post(change_page(policy), {**other, "previewed": token, "_save": "1"})
    assert answer.status_code == 200
    assert "It isn’t what you previewed" in answer.content.decode()
    assert policy.revisions.count() == 1


def test_what_somebody_else_published_meanwhile_is_looked_at_first(admin_site: Client, loan: Model) -> None:
    policy = published(loan)
    fields = form(changed("due_days", 9), model=str(loan.pk))
    token = previewed(admin_site, change_page(policy), fields).context["adminform"].form.token
    published(loan, changed("due_days", 7))
    answer = admin_site.post(change_page(policy), {**fields, "previewed": token, "_save": "1"})
    assert answer.status_code == 200
    assert "Publish revision 3" in answer.content.decode()
    assert policy.revisions.count() == 2


def test_previewing_again_publishes_nothing(admin_site: Client, loan: Model) -> None:
    policy = published(loan)
    fields = form(changed("due_days", 9), model=str(loan.pk))
    token = previewed(admin_site, change_page(policy), fields).context["adminform"].form.token
    admin_site.post(change_page(policy), {**fields, "previewed": token, "_preview": "1"})
    assert policy.revisions.count() == 1


# --- What the preview says -----------------------------------------------------------------------------------


def test_a_policy_in_short() -> None:
    document = policies.read_document(GOOD, target_stage=Stage.PRODUCTION)
    assert in_short(document) == "2 gates, 2 slots, 1 checklist item, due in 3 days"
    bare = policies.read_document({"gates": []}, target_stage=Stage.STAGING)
    assert in_short(bare) == "0 gates, 0 slots, 0 checklist items, moves by itself once every gate has passed"


def test_the_preview_says_what_it_means_and_for_whom(admin_site: Client, loan: Model) -> None:
    text = previewed(admin_site, ADD, form(GOOD, model=str(loan.pk))).content.decode()
    assert "2 gates, 2 slots, 1 checklist item, due in 3 days" in text
    assert "promotions to Production of the model loan only" in text
    assert "Model review: 2 reviewers" in text
    assert "This is a new policy." in text


def test_the_preview_shows_the_difference_to_what_is_in_force(admin_site: Client, loan: Model) -> None:
    policy = published(loan)
    answer = previewed(admin_site, change_page(policy), form(changed("due_days", 9), model=str(loan.pk)))
    lines = answer.context["adminform"].form.preview.changed
    assert [(line.sign, line.text) for line in lines if line.sign] == [("-", "due_days: 3"), ("+", "due_days: 9")]
    assert '<tr class="gone"><td>gone</td><td><code>due_days: 3</code>' in answer.content.decode()


def test_the_order_of_names_is_no_difference_and_always_the_same() -> None:
    document: dict[str, Any] = {"slots": [{"role": "approver", "zeal": 1, "key": "risk"}], "opens": "by_hand"}
    text = "opens: by_hand\nslots:\n- key: risk\n  role: approver\n  zeal: 1\n"
    assert as_yaml(document) == text
    assert as_yaml({name: document[name] for name in reversed(document)}) == text


def test_comments_and_layout_are_no_difference(admin_site: Client, loan: Model) -> None:
    policy = published(loan)
    text = "# for the new team\n" + yaml.safe_dump(GOOD, sort_keys=True, default_flow_style=True)
    page = previewed(admin_site, change_page(policy), form(text, model=str(loan.pk))).content.decode()
    assert "Nothing would change" in page
    assert "Publish revision" not in page


def test_a_policy_that_would_hold_elsewhere_says_so(admin_site: Client, loan: Model) -> None:
    policy = published(loan)
    page = previewed(admin_site, change_page(policy), form(GOOD, risk_tier="high")).content.decode()
    assert "it only holds elsewhere" in page
    assert "of models of high" in page
    assert "Publish revision 2" in page


def test_open_promotions_that_keep_their_revision_are_counted(admin_site: Client, loan: Model) -> None:
    factories.personas()
    policy = published(loan, {"gates": [], "slots": [{"key": "risk", "role": "approver"}]})
    staging = {"opens": "by_hand", "gates": []}
    publish_policy("To Staging", staging, actor=None, target_stage=Stage.STAGING, model=loan)
    version = factories.version_of(loan)
    open_promotion(version, to_stage=Stage.STAGING, actor=factories.persona("dana"), reason="First.")
    version.refresh_from_db()
    open_promotion(version, to_stage=Stage.PRODUCTION, actor=factories.persona("dana"), reason="Ready.")
    answer = previewed(admin_site, change_page(policy), form(GOOD, model=str(loan.pk)))
    assert "1 began under an earlier revision of this policy and keeps it." in answer.content.decode()


def test_a_group_that_can_not_fill_its_slot_is_doubted(admin_site: Client, loan: Model) -> None:
    fields = form(GOOD, model=str(loan.pk))
    doubts = previewed(admin_site, ADD, fields).context["adminform"].form.preview.doubts
    assert ["risk, which isn't there" in doubt for doubt in doubts] == [True]
    risk = Group.objects.create(name="risk")
    doubts = previewed(admin_site, ADD, fields).context["adminform"].form.preview.doubts
    assert doubts == ["Slot risk asks for 1 of the group risk, which has no active members."]
    change_groups(factories.person("Rita"), [risk], actor=None)
    assert previewed(admin_site, ADD, fields).context["adminform"].form.preview.doubts == []


# --- What is wrong, where ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (changed("gates.0.kind", "crystal_ball"), "crystal_ball"),
        (changed("gates.0.parameters.dataset", "nowhere@1"), "isn't locked here"),
        ({"slots": [{"key": "model"}]}, "needs a slot for an approver"),
        ("gates: [", "This is not YAML"),
        ("just a sentence", "mapping"),
        ("\x00", ""),
    ],
    ids=["unknown gate", "dataset not locked", "no approver", "not YAML", "not a mapping", "NUL"],
)
def test_a_bad_document_s_error_stands_beside_the_field(
    admin_site: Client, loan: Model, document: Any, said: str
) -> None:
    before = PolicyRevision.objects.count()
    answer = admin_site.post(ADD, {**form(document, model=str(loan.pk)), "_save": "1"})
    assert answer.status_code == 200
    assert errors_of(answer).keys() == {"document"}
    assert said in errors_of(answer)["document"][0]
    assert "What it would mean" not in answer.content.decode()
    assert PolicyRevision.objects.count() == before


TEXT = """# A policy
due_days: 3
gates:
  - key: floor
    kind: metric_threshold
    parameters:
      metric: auc
      at_least: high
      dataset: loan-holdout@1
  - key: card
    kind: card_complete
slots:
  - {key: risk, role: approver}
checklist:
  - key: cost
    text: Cost is known
    slot: risk
"""


@pytest.mark.parametrize(
    ("was", "becomes", "line"),
    [
        ("due_days: 3", "due_days: soon", 2),
        ("due_days: 3", "dew_days: 3", 2),
        ("at_least: high", "at_least: high", 8),
        ("at_least: high", "at_leest: 0.8", 8),
        ("at_least: high", "at_least: 0.8\n      segment: x", 9),
        ("kind: card_complete", "kind: crystal_ball", 11),
        ("role: approver", "role: king", 13),
        ("slot: risk", "slot: nobody", 17),
        ("text: Cost is known", "text: 12", 16),
        ("key: card", "key: floor", 3),
    ],
)
def test_an_error_names_the_line_and_quotes_it(
    admin_site: Client, loan: Model, was: str, becomes: str, line: int
) -> None:
    text = TEXT.replace(was, becomes)
    if "at_least" not in was:
        text = text.replace("at_least: high", "at_least: 0.8")
    error = errors_of(admin_site.post(ADD, form(text, model=str(loan.pk))))["document"][0]
    assert error.startswith(f"Line {line}, “{text.splitlines()[line - 1].strip()}”: ")


def test_what_is_about_the_whole_names_no_line() -> None:
    assert line_of(TEXT, "A policy for Production needs a slot for an approver.") == 0


def test_two_scopes_at_once_and_a_scope_that_is_taken_are_said_beside_the_field(
    admin_site: Client, loan: Model
) -> None:
    both = errors_of(admin_site.post(ADD, form(GOOD, model=str(loan.pk), risk_tier="high")))
    assert both == {"risk_tier": ["Choose a risk tier or a model, not both."]}
    published(loan)
    taken = errors_of(admin_site.post(ADD, form(GOOD, name="Other", model=str(loan.pk))))
    assert taken == {"target_stage": ["The policy Loan holds there already. Change that one instead."]}


# --- Help and history ----------------------------------------------------------------------------------------


def test_the_page_explains_every_key_every_gate_and_every_parameter(admin_site: Client) -> None:
    page = admin_site.get(ADD).content.decode()
    keys = {*policies._KNOWN, "rests_on"}
    assert [key for key in keys if f"<dt><code>{key}</code></dt>" not in page] == []
    for kind, gate in GATES.items():
        assert f"<code>{kind}</code>" in page
        assert [each.name for each in gate.parameters_help() if f"<code>{each.name}</code>" not in page] == []


def test_earlier_revisions_are_listed_and_only_read(admin_site: Client, loan: Model) -> None:
    policy = published(loan)
    published(loan, changed("due_days", 9))
    page = admin_site.get(change_page(policy)).content.decode()
    assert f'href="/policies/{policy.pk}/?revision=1"' in page
    assert "Revision 2</a>" in page
    assert page.index("Revision 2</a>") < page.index("(in force)") < page.index("Revision 1</a>")


def test_nobody_removes_a_policy(admin_site: Client, loan: Model) -> None:
    policy = published(loan)
    assert admin_site.post(f"/admin/approvals/policy/{policy.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Policy.objects.filter(pk=policy.pk).exists()
