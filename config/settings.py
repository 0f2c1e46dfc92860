"""Settings. What differs between installations comes from the environment (config/environment.py)."""

from pathlib import Path
from urllib.parse import urlsplit

from config import csp, environment

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = environment.directory("VAR_DIR", BASE_DIR / "var")

# --- Where it runs ---------------------------------------------------------------------------------
DATABASES = {"default": environment.database("DATABASE_URL", default_file=VAR_DIR / "assaydesk.sqlite3")}
EMBEDDED = DATABASES["default"]["ENGINE"].endswith("sqlite3")
PORT = environment.integer("PORT", 8000, least=1)
PUBLIC_URL = environment.public_url("PUBLIC_URL", f"http://127.0.0.1:{PORT}")
TRUSTED_PROXIES = environment.integer("TRUSTED_PROXIES", 0)
REDIS_URL = environment.redis("REDIS_URL")
ARTIFACT_STORE = environment.s3_place("ARTIFACT_STORE")
ARTIFACT_DIR = environment.directory("ARTIFACT_DIR", VAR_DIR / "artifacts")
S3_SOURCES_ALLOWED = environment.s3_places("S3_SOURCES_ALLOWED")
PRESIGNED_DOWNLOADS = environment.boolean("PRESIGNED_DOWNLOADS", default=True)
DEMO_PASSWORD = environment.text("ASSAYDESK_DEMO_PASSWORD")

# --- Security --------------------------------------------------------------------------------------
DEBUG = environment.boolean("DEBUG", default=False)
SECRET_KEY = environment.secret("SECRET_KEY", kept_in=VAR_DIR / "secret_key" if EMBEDDED else None)
_public = urlsplit(PUBLIC_URL)
# The loopback names as well: the supervisor's own look at its front door, and the demo, come by them.
ALLOWED_HOSTS = sorted({"127.0.0.1", "localhost", "[::1]", _public.hostname or ""})
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
_https = _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
# Behind https a proxy ends TLS and says so in this header; on plain http nobody may claim it.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # whatever watches the process comes past the proxy
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = 12 * 60 * 60
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = csp.POLICY
CSRF_FAILURE_VIEW = "dashboard.views.errors.csrf_failure"

# --- Apps, bottom up: imports run downwards only ------------------------------------------------------
INSTALLED_APPS = [
    "audit",
    "work",
    "accounts",
    "registry",
    "evidence",
    "approvals",
    "api",
    "dashboard",
    "config",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "guardian",
    "ninja",
    "axes",
    "csp",
    "django_htmx",
]
MIDDLEWARE = [
    "config.head_requests.head_middleware",
    "config.proxies.trusted_proxies_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.origin_middleware",
    "dashboard.middleware.refusal_middleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.context.desk",
            ],
        },
    },
]

# --- People ------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
ANONYMOUS_USER_NAME = None  # guardian's stand-in for visitors: everything here needs a signed-in person
GUARDIAN_MONKEY_PATCH_USER = False  # rights are asked for in accounts/access.py only
GUARDIAN_MONKEY_PATCH_GROUP = False
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False

# --- Pages -------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = environment.directory("STATIC_DIR", VAR_DIR / "static")
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "dashboard.static_finders.PlotlyFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True  # no collect step: files are served out of the checkout and the wheels
LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = environment.time_zone("TIME_ZONE", "UTC")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Limits ------------------------------------------------------------------------------------------
MAX_ARTIFACT_BYTES = environment.integer("MAX_ARTIFACT_BYTES", 2 * 1024**3, least=1)
MAX_DATASET_BYTES = environment.integer("MAX_DATASET_BYTES", 512 * 1024**2, least=1)
MAX_CARD_BYTES = 256 * 1024
GATE_SECONDS = environment.integer("GATE_SECONDS", 300, least=1)
GATE_MEMORY_BYTES = environment.integer("GATE_MEMORY_BYTES", 4 * 1024**3, least=256 * 1024**2)
INTEGRITY_HOURS = environment.integer("INTEGRITY_HOURS", 24, least=1)
REQUIRE_ISOLATION = environment.boolean("REQUIRE_ISOLATION", default=not EMBEDDED)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # JSON and forms; artifacts and datasets are streamed past it
FILE_UPLOAD_HANDLERS = [
    "dashboard.uploads.UploadWithinLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Background work -----------------------------------------------------------------------------------
LEASE_SECONDS = environment.integer("LEASE_SECONDS", 30, least=2)
CELERY = {
    "broker_url": REDIS_URL or "files://localhost//",
    "task_default_queue": "mail",
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_lost_wait": 1,  # seconds for which a killed process still holds its place; no result is to be waited for
    "task_ignore_result": True,
    "worker_prefetch_multiplier": 1,
    "task_serializer": "json",
    "accept_content": ["json"],
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,  # by itself a worker would give up after the better part of an hour
    "worker_hijack_root_logger": False,
    "worker_send_task_events": False,
}
if REDIS_URL:
    # By themselves they wait for ever for a Redis that hangs, and 6 s for one that is gone: in the request that has
    # just committed. How long a worker goes on looking for its Redis isn't touched by this.
    CELERY["broker_transport_options"] = {
        "socket_connect_timeout": 2,
        "socket_timeout": 4,  # a worker's own read waits for 1 s at a time
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
    }
else:
    _queue = environment.directory("QUEUE_DIR", VAR_DIR / "queue")
    (_queue / "control").mkdir(mode=0o700, exist_ok=True)
    CELERY["broker_transport_options"] = {
        "data_folder_in": str(_queue),
        "data_folder_out": str(_queue),
        "control_folder": str(_queue / "control"),
        "polling_interval": 0.05,  # kombu's default of 1 s would make every gate wait that long
    }

# --- Mail --------------------------------------------------------------------------------------------
MAIL_DIR = VAR_DIR / "mail"  # where letters go without EMAIL_URL
globals().update(environment.mail("EMAIL_URL"))
DEFAULT_FROM_EMAIL = environment.text("MAIL_FROM", "Assaydesk <assaydesk@localhost>")
DIGEST_HOUR = environment.integer("DIGEST_HOUR", 8, most=23)  # when one letter a day is written, in TIME_ZONE

# --- Log ---------------------------------------------------------------------------------------------
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"one_line": {"()": "config.quiet.one_line"}},
    "loggers": {"django.security.DisallowedHost": {"filters": ["one_line"]}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": environment.one_of("LOG_LEVEL", "WARNING", LEVELS)},
}
# W001 wants guardian in has_perm(); rights are asked for in accounts/access.py only, which reads its rows.
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
