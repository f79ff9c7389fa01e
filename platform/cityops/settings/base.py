"""What every instance shares. A tier is a choice of three values: CITYOPS_TIER, CITYOPS_REGION, CITYOPS_NODE."""

from pathlib import Path

from csp.constants import SELF
from django.utils.translation import gettext_lazy as _

from cityops.settings.environment import ROOT, bundled_library, celery_broker, env, one_of

# --- which instance this is
CITYOPS_TIER = one_of("CITYOPS_TIER", env.str("CITYOPS_TIER"), "national", "provincial", "municipal")
CITYOPS_REGION = env.str("CITYOPS_REGION")
CITYOPS_NODE = env.str("CITYOPS_NODE")
CITYOPS_NAME = env.str("CITYOPS_NAME", default="")
CITYOPS_SYSTEMS = env.list("CITYOPS_SYSTEMS", default=[])
"""Deviations from the tier's default systems: ``+industry`` switches on, ``-exchange`` switches off."""
CITYOPS_BASE_URL = env.str("CITYOPS_BASE_URL", default="")
"""Address at which the parent and the children reach this node."""
CITYOPS_SIMULATED = env.bool("CITYOPS_SIMULATED", default=False)
"""True where the data come from the simulator; every page then says so."""
CITYOPS_DEMO = env.bool("CITYOPS_DEMO", default=False)
"""True where ``seed_demo`` may make people with the published demo password; never where people work."""
CITYOPS_BEHIND_PROXY = env.bool("CITYOPS_BEHIND_PROXY", default=False)
"""True where every request comes through the own proxy: its X-Forwarded-Proto and last X-Forwarded-For are taken."""
CITYOPS_METRICS_TOKEN = env.str("CITYOPS_METRICS_TOKEN", default="")
"""Who brings it as a bearer token may read /metrics and the details of /readyz; empty: callers on loopback only."""
CITYOPS_EVALUATION_GRID_CODE = env.str("CITYOPS_EVALUATION_GRID_CODE", default="6+3+2+1")
"""Digits of county, street and sequence, and the type, in the code of an evaluation grid 评价网格 (JC06)."""
CITYOPS_PARTNER_NETWORKS = env.list("CITYOPS_PARTNER_NETWORKS", default=[])
"""Networks (CIDR) beside the public ones to which webhooks of partners may go, as 10.20.0.0/16; 127.0.0.0/8 for
loopback, also without TLS. Empty: public addresses by https only."""
CITYOPS_PARTNER_FAIL_DAYS = env.int("CITYOPS_PARTNER_FAIL_DAYS", default=5)
"""After so many days without one success nothing more is sent to a partner until somebody switches it on; 0: never."""
VAR = Path(env.str("CITYOPS_VAR", default=str(ROOT / "var")))
CITYOPS_KEY_DIR = Path(env.str("CITYOPS_KEY_DIR", default=str(VAR / "keys")))
"""Private signing keys and the keys of encrypted columns, one 0600 file each; outside the database and its backups."""
CITYOPS_SUITE = env.str("CITYOPS_SUITE", default="intl")
"""Suite of this node's first signing key: intl (Ed25519, SHA-256) or gm 国密 (SM2, SM3)."""
CITYOPS_FRONT_DATABASE_URL = env.str("CITYOPS_FRONT_DATABASE_URL", default="")
"""The front-end database 前置库 between two networks, as postgresql://user:password@host/name; empty: none."""
CITYOPS_MEDIA_DIR = Path(env.str("CITYOPS_MEDIA_DIR", default=str(VAR / "media")))
"""Pictures of cases; private, served by the application alone, shared by its web and worker processes."""
CITYOPS_REPORTER_MONTHS = env.int("CITYOPS_REPORTER_MONTHS", default=12)
"""So many months after its end a case loses who reported it, unless there is a dispute; 0 for never."""

# --- Django
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "django_htmx",
    "csp",
    "axes",
    "guardian",
    "pgtrigger",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "cityops.foundation",
    "cityops.regions",
    "cityops.accounts",
    "tiers",
    "sync.standard",
    "sync.exchange",
    "sync.roads",
    "sync.aggregation",
    "grid",
    "grid.places",
    "grid.reporters",
    "grid.duty",
    "grid.intake",
    "grid.performance",
    "grid.oversight",
    "grid.signals",
    "grid.desks",
    "grid.field",
    "grid.interfaces",
    "evaluation",
    "cityops.maintenance",
    "cityops.web",
]
MIDDLEWARE = [
    "cityops.foundation.addresses.ClientAddressMiddleware",
    "cityops.foundation.numbers.RequestNumbersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "cityops.foundation.middleware.NoNullCharacters",
    "django.middleware.common.CommonMiddleware",
    "cityops.web.middleware.BodyLimits",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "cityops.foundation.middleware.AuditContextMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "cityops.accounts.middleware.SessionLimits",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "cityops.web.middleware.RefusalPages",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "cityops.urls"
WSGI_APPLICATION = "cityops.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cityops.web.context.shell",
            ],
            "builtins": ["cityops.web.templatetags.cityops", "cityops.web.templatetags.charts"],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        **env.db_url("DATABASE_URL", engine="django.contrib.gis.db.backends.postgis"),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"prepare_threshold": 1, "server_side_binding": True},
    },
}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
GDAL_LIBRARY_PATH = bundled_library("pyogrio", "libgdal-*.so*")
GEOS_LIBRARY_PATH = bundled_library("shapely", "libgeos_c-*.so*")

# --- language and time
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("英文"))]
LOCALE_PATHS = [ROOT / "platform" / "cityops" / "locale"]
TIME_ZONE = env.str("CITYOPS_TIME_ZONE", default="Asia/Shanghai")
USE_TZ = True

# --- static files: vendored from npm packages by bin/assets, never from a CDN
STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [path for path in [ROOT / "var" / "assets"] if path.is_dir()]

# --- people
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "cityops.accounts.passwords.EnoughKinds"},
    {"NAME": "cityops.accounts.passwords.NotTheTrade"},
    {"NAME": "cityops.accounts.passwords.NotUsedLately"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
SESSION_COOKIE_AGE = env.int("CITYOPS_SESSION_SECONDS", default=8 * 3600)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = f"cityops-{CITYOPS_NODE}".lower()
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"cityops-csrf-{CITYOPS_NODE}".lower()
CITYOPS_PASSWORD_DAYS = env.int("CITYOPS_PASSWORD_DAYS", default=90)
"""After so many days a password must be changed; 0 for never."""
CITYOPS_PASSWORD_WORDS = [word.lower() for word in env.list("CITYOPS_PASSWORD_WORDS", default=[])]
"""Further words that make no password: names of the own places, streets and authorities in pinyin."""
CITYOPS_UNUSED_DAYS = env.int("CITYOPS_UNUSED_DAYS", default=0 if CITYOPS_DEMO else 90)
"""After so many days without a sign-in an account is disabled; 0 for never, as in a demo."""
CITYOPS_FIELD_DAYS = env.int("CITYOPS_FIELD_DAYS", default=365)
"""So long the content of what phones sent is kept; ids and outcomes stay."""
CITYOPS_SESSION_IDLE_SECONDS = env.int("CITYOPS_SESSION_IDLE_SECONDS", default=30 * 60)
ANONYMOUS_USER_NAME = None  # guardian: no pseudo-person in the table of people
GUARDIAN_MONKEY_PATCH_USER = False
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.5  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "old_password", "new_password", "repeated"]
AXES_CLIENT_IP_CALLABLE = "cityops.foundation.addresses.counted_address_of"
AXES_LOCKOUT_CALLABLE = "cityops.accounts.web.views.locked_out"

# --- browser
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": ["'none'"],
    },
}
CSRF_FAILURE_VIEW = "cityops.web.errors.csrf_failed"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024

# --- lists and API
FILTERS_EMPTY_CHOICE_LABEL = _("全部")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "cityops.accounts.authentication.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["cityops.accounts.api.permissions.HasPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "cityops.foundation.paging.CursorPaging",
    "DEFAULT_SCHEMA_CLASS": "cityops.foundation.api.schema.Schema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "user": env.str("CITYOPS_API_RATE", default="600/min"),
        "open311": env.str("CITYOPS_OPEN311_RATE", default="60/min"),
    },
    "EXCEPTION_HANDLER": "cityops.foundation.problem.exception_handler",
    "DEFAULT_VERSIONING_CLASS": None,
    "NUM_PROXIES": 0,  # the address was settled by ClientAddressMiddleware
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CityOps · 城市运行管理服务平台",
    "DESCRIPTION": "The same records and figures as the pages show, for other systems.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "FieldActionKindEnum": "grid.field.models.actions.FieldAction.Kind",
        "FieldTaskKindEnum": "grid.field.api.serializers.TASK_KINDS",
        "OrganisationStatusEnum": "cityops.accounts.models.Organisation.Status",
        "CodeStateEnum": "grid.models.ground.CodeState",
        "CaseStateEnum": "grid.models.cases.Case.State",
        "ComponentStateEnum": "grid.models.components.Component.State",
        "ImportStateEnum": "grid.models.imports.ImportRun.State",
        "ImportKindEnum": "grid.models.imports.ImportRun.Kind",
        "CheckStateEnum": "grid.models.inventory.ComponentCheck.State",
        "ConversionStateEnum": "grid.models.inventory.CodeConversion.State",
        "ChangeKindEnum": "grid.models.inventory.ComponentChange.Kind",
        "ExchangeLightEnum": "sync.exchange.api.serializers.LIGHTS",
        "RecordKindEnum": "grid.models.cases.Case.Kind",
        "LevelEnum": "cityops.regions.models.Division.Levels",
        "PerformanceTargetEnum": "grid.performance.models.TargetKind",
        "SatisfactionEnum": "grid.intake.models.Answer.Satisfaction",
        "LimitUnitEnum": "sync.standard.models.DisposalRule.Unit",
        "SupervisionStateEnum": "grid.oversight.models.TaskState",
        "SupervisionTypeEnum": "grid.oversight.models.SupervisionTask.Type",
        "SupervisionActionEnum": "grid.oversight.models.SupervisionAction.Action",
        "UrgencyEnum": "grid.models.cases.Case.Urgency",
        "CheckOutcomeEnum": "grid.models.inventory.ComponentCheck.Outcome",
        "RuleLevelEnum": "sync.standard.models.DisposalRule.Level",
        "SourceEnum": "grid.models.cases.Case.Source",
        "SignalStateEnum": "grid.signals.models.Signal.State",
        "SignalKindEnum": "grid.signals.models.KIND_CHOICES",
        "VisitSourceEnum": "grid.duty.models.Visit.Source",
    },
}

# --- background work
REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "cityops.foundation.cache.SteadyRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": CITYOPS_NODE,
    },
}
CELERY_BROKER_URL = celery_broker(REDIS_URL)
CELERY_TASK_DEFAULT_QUEUE = f"cityops-{CITYOPS_NODE}".lower()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / f"beat-{CITYOPS_NODE}")

# --- exchange
SYNC_TICK_SECONDS = env.int("SYNC_TICK_SECONDS", default=10)
SYNC_BATCH_RECORDS = env.int("SYNC_BATCH_RECORDS", default=10_000)
SYNC_BATCH_BYTES = env.int("SYNC_BATCH_BYTES", default=8 * 1024 * 1024)
SYNC_CHILD_RECORDS_PER_SECOND = env.int("SYNC_CHILD_RECORDS_PER_SECOND", default=20_000)
SYNC_THUMBNAILS = env.bool("SYNC_THUMBNAILS", default=False)
SYNC_DISK_PATH = env.str("SYNC_DISK_PATH", default="/")
SYNC_SLICE_SECONDS = env.int("SYNC_SLICE_SECONDS", default=20)

# --- logs
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "cityops.foundation.logs.json_formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("CITYOPS_LOG_LEVEL", default="INFO")},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
