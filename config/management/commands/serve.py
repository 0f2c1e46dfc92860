"""`manage.py serve`: the web, the workers and the sweeper together, for one machine."""

import os
import sys
from argparse import ArgumentParser
from dataclasses import replace
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from config.child_program import Program
from config.front_door import CannotServe, ReadinessProbe, only_one, open_door
from config.supervisor import Supervisor

MANAGE = str(settings.BASE_DIR / "manage.py")
WEB_THREADS = 8


class Command(BaseCommand):
    help = "Starts the web, the workers and the sweeper together, and stops them together (Ctrl-C)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="when no model exists yet, tell the demo's story")
        parser.add_argument("--port", type=int, default=settings.PORT, help="on 127.0.0.1; 0 takes any free one")

    def handle(self, *, demo: bool, port: int, **options: object) -> None:
        _require_migrated_database()
        wants_demo = demo and _is_empty()
        connections.close_all()  # from here on only the children talk to the database
        try:
            with only_one(settings.VAR_DIR), open_door(port) as door:
                status = self._supervise(door.fileno(), door.getsockname()[1], wants_demo=wants_demo)
        except CannotServe as refusal:
            raise CommandError(str(refusal)) from refusal
        sys.exit(status)

    def _supervise(self, door: int, port: int, *, wants_demo: bool) -> int:
        url = settings.PUBLIC_URL if os.environ.get("PUBLIC_URL") else f"http://127.0.0.1:{port}"
        environment = _environment(port)
        programs = [web(door), worker("gates"), worker("mail"), sweeper()]
        programs = [replace(program, environment=environment) for program in programs]
        supervisor = Supervisor(programs, say=self._say)

        def when_ready() -> None:
            self._say("serve", f"Assaydesk is at {url}")
            if wants_demo:
                supervisor.start(replace(demonstration(port), environment=environment))

        public = urlsplit(url)
        probe = ReadinessProbe(port, host=public.netloc, scheme=public.scheme)
        return supervisor.run(probe, when_ready)

    def _say(self, name: str, line: str) -> None:
        self.stdout.write(f"{name:<7} | {line}")
        self.stdout.flush()


def web(door: int) -> Program:
    """Gunicorn on the open socket `door`; one process, so that SQLite has one writer's worth of threads."""
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"fd://{door}"]
    command += ["--worker-class", "gthread", "--workers", "1", "--threads", str(WEB_THREADS)]
    command += ["--graceful-timeout", "5", "--timeout", "60", "--log-level", "warning", "--no-control-socket"]
    return Program("web", command, descriptors=(door,))


def worker(queue: str) -> Program:
    """A Celery worker for one queue, in one process: a gate runs its model in a process of its own anyway."""
    # Whoever starts everything as root, as in a container, needn't be told so by each worker each time.
    quiet = ["-W", "ignore:You're running the worker with superuser privileges"]
    command = [
        sys.executable,
        *quiet,
        "-m",
        "celery",
        "--quiet",
        "--app",
        "config",
        "worker",
        "--queues",
        queue,
    ]
    command += ["--pool", "solo", "--hostname", f"{queue}@%h", "--loglevel", "WARNING"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return Program(queue, command)


def sweeper() -> Program:
    """What is due is done within a second, whatever messages were lost."""
    return Program("sweeper", [sys.executable, MANAGE, "sweep", "--every", "1"])


def demonstration(port: int) -> Program:
    """The demo, over HTTP like any pipeline. When it fails, Assaydesk goes on without it."""
    command = [sys.executable, MANAGE, "demo", "--url", f"http://127.0.0.1:{port}"]
    return Program("demo", command, keep_alive=False)


def _environment(port: int) -> dict[str, str]:
    # Gunicorn and Celery look for `config` where they are started, which needn't be the checkout.
    path = os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH")]))
    return {"PORT": str(port), "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _is_empty() -> bool:
    return not apps.get_model("registry", "Model").objects.exists()


def _require_migrated_database() -> None:
    executor = MigrationExecutor(connections["default"])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database isn't set up for this version. Run: manage.py migrate")
