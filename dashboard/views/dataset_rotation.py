"""A worn dataset's successor: locking it in the browser, and letting policies name it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import require_somewhere
from accounts.reasons import NotFound, Refusal, refuse_if
from accounts.roles import VIEW
from approvals.actions import rotate_dataset
from approvals.permissions import why_not_edit_policies
from dashboard.forms.locking import LockingForm, declared_before
from dashboard.signed_in import SignedInRequest, signed_in
from dashboard.uploads import upload_was_dropped
from evidence.actions import lock_dataset
from evidence.models import LockedDataset
from evidence.permissions import why_not_lock
from evidence.queries import locked_dataset_named, newest_locked
from registry.models import Dataset
from registry.queries import datasets_named


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def lock(request: SignedInRequest, name: str) -> HttpResponse:
    """Asks for a file and what its columns are for; a POST locks it as the dataset's next version."""
    require_somewhere(request.user, VIEW)
    refuse_if(why_not_lock(request.user))
    dataset = datasets_named(name).first()
    if dataset is None:
        raise NotFound("not_found", f"There is no dataset named {name!r}.")
    newest = newest_locked(dataset)
    form = LockingForm(initial=declared_before(newest))
    if request.method == "POST":
        form = LockingForm(request.POST, request.FILES)
        locked = _locked(request, dataset, form)
        if locked is not None:
            messages.success(request, f"{locked} is locked. Models are judged on it once a policy’s gates name it.")
            return redirect("dataset_version", dataset.name, locked.dataset_version.number)
    context = {"dataset": dataset, "newest": newest, "form": form}
    return render(request, "pages/lock_dataset.html", context, status=422 if form.errors else 200)


def _locked(request: SignedInRequest, dataset: Dataset, form: LockingForm) -> LockedDataset | None:
    """What was locked; None when it couldn't be, and the form then says why beside its fields."""
    valid = form.is_valid()
    if upload_was_dropped(request):
        form.errors.pop("file", None)
        form.add_error("file", f"It is too large. {form.fields['file'].help_text}")
        return None
    if not valid:
        return None
    try:
        return lock_dataset(dataset, form.cleaned_data["file"].chunks(), form.declaration, actor=request.user)
    except Refusal as refusal:
        form.refuse(refusal)
        return None


@require_POST
@signed_in
def rotate(request: SignedInRequest, name: str, number: int) -> HttpResponse:
    """Lets every policy whose gates name the older version, sent in `old`, name this one."""
    require_somewhere(request.user, VIEW)
    refuse_if(why_not_edit_policies(request.user))
    old, later = _named(request.POST.get("old", "")), _named(f"{name}@{number}")
    try:
        published = rotate_dataset(old, later, actor=request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal.reason))
    else:
        told = ", ".join(str(revision) for revision in published)
        done = f"Published: {told}. Promotions that are open keep the revision they began with."
        messages.success(request, done if told else f"No policy names {old} any more.")
    return redirect("dataset_version", later.dataset_version.dataset.name, later.dataset_version.number)


def _named(reference: str) -> LockedDataset:
    locked = locked_dataset_named(reference)
    if locked is None:
        raise NotFound("not_found", f"There is no locked dataset {reference!r}.", "Write it as name@number.")
    return locked
