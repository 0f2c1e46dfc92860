import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from approvals.models import Promotion
from assaydesk_client.answers import Promotion as PromotionAnswer
from config.demo.names import DIGIT_MODEL, FARE_MODEL
from config.demo.people import ADMIN, PEOPLE, PIPELINE, choose_password, clients, create_cast
from config.demo.policies import publish_policies, publish_shorter_policies
from config.demo.shorter_stories import DigitStory, FareStory
from config.demo.steps import StepFailed, Steps, require_answer
from config.demo.story import LAST_LABEL, MODEL, Story
from config.demo.training import training
from registry.models import Model, Stage
from registry.queries import models_named


class Command(BaseCommand):
    help = "Fills an empty desk with real models on real data and promotions in several states, over HTTP."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default=f"http://127.0.0.1:{settings.PORT}", help="where Assaydesk is served")

    def handle(self, *_: Any, url: str, **__: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("The demo is for trying Assaydesk out; with DATABASE_URL set it does nothing.")
        if models_named(MODEL).exists():
            self._stop_short()
            return
        _require_names()
        password, steps = choose_password(), Steps(self._say)
        try:
            with tempfile.TemporaryDirectory(prefix="assaydesk-demo-") as folder:
                waiting = perform(url, password, Path(folder), steps)
        except StepFailed as failure:
            raise CommandError(f"The demo stopped. {failure} What was done before stays.") from failure
        self._say(f"The demo is there, after {steps.seconds:.0f} s.")
        self._introduce(password, waiting)

    def _stop_short(self) -> None:
        """There is a demo: whole, or begun and broken off, which can't be mended since names are never reused."""
        last = Promotion.objects.filter(
            version__model__name=MODEL, version__label=LAST_LABEL, to_stage=Stage.PRODUCTION
        )
        if not last.filter(state="rejected").exists():
            raise CommandError(
                f"A demo was begun here and broke off. Set VAR_DIR to another folder, or remove {settings.VAR_DIR} "
                "with all that is in it; then migrate and start anew."
            )
        self._say("The demo is there already. A forgotten password: manage.py changepassword USERNAME.")

    def _introduce(self, password: str, waiting: PromotionAnswer) -> None:
        self._say(f"Who can sign in, each with the password  {password}")
        for persona in (*PEOPLE, ADMIN):
            self._say(f"  {persona.username:6} {persona.name:12} {persona.role.label}: {persona.does}")
        self._say(f"Start here: {waiting['url']} as riley, then as sam")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _require_names() -> None:
    """Raises CommandError when somebody has the name of one of the demo's people already."""
    names = [persona.username for persona in (*PEOPLE, ADMIN, PIPELINE)]
    taken = User.objects.filter(username__in=names).order_by("username").values_list("username", flat=True)
    if taken:
        raise CommandError(
            f"There are accounts named {', '.join(taken)} already, which the demo wants to make. "
            "Set VAR_DIR to another folder, migrate and start anew."
        )


def perform(url: str, password: str, folder: Path, steps: Steps) -> PromotionAnswer:
    """Everything from the first account to the promotion that waits for the reader. Raises StepFailed."""
    with steps.step(f"Assaydesk answers at {url}"):
        require_answer(url)
    with training(folder) as models:
        with steps.step("accounts and roles for dana, riley, sam, omar, ana, admin and the service account pipeline"):
            admin = create_cast(password)
        with clients(url) as cast:
            story = Story(cast, folder, steps)
            story.create_model()
            with steps.step("twelve models of loans, fares and digits trained (waited for, that is)"):
                models.wait()
            story.register_datasets()
            fares, digits = FareStory(cast, folder, steps), DigitStory(cast, folder, steps)
            fares.begin()
            digits.begin()
            with steps.step("admin publishes a policy for Staging and one for Production, for each model"):
                publish_policies(_model(MODEL), actor=admin)
                publish_shorter_policies(_model(FARE_MODEL), _model(DIGIT_MODEL), actor=admin)
            fares.tell()
            digits.tell()
            return story.tell()  # the last, so that its end tells that the demo is whole


def _model(name: str) -> Model:
    return Model.objects.get(name=name)
