"""Settings of the blog. The database comes from DATABASE_URL, else from libpq's own PG* variables."""
import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

# A sample on one's own machine; a real site sets both.
SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "only-for-the-example-on-this-machine")
DEBUG = os.environ.get("DJANGO_DEBUG", "1") == "1"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "blog",
    "accounts",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.BearerMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def database(env):
    """The DATABASES entry for an environment.

    DATABASE_URL is libpq's form: postgresql://user:password@host:port/name?option=value, where the host may also be an
    option, which is how a Unix socket's folder is written: postgresql:///blog?host=/run/postgresql.
    """
    found = {"ENGINE": "django.db.backends.postgresql"}
    url = env.get("DATABASE_URL")
    if not url:
        found["NAME"] = env.get("PGDATABASE", "postgres")
        for key, name in (("USER", "PGUSER"), ("PASSWORD", "PGPASSWORD"), ("HOST", "PGHOST"), ("PORT", "PGPORT")):
            found[key] = env.get(name, "")
        return found

    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
    options = dict(parse_qsl(parts.query))
    # urlsplit puts a host in lower case; a folder must keep its letters.
    place = parts.netloc.rpartition("@")[2]
    host = place[: place.index("]") + 1].strip("[]") if place.startswith("[") else place.partition(":")[0]
    found["HOST"] = options.pop("host", unquote(host))
    found["PORT"] = options.pop("port", str(parts.port or ""))
    found["USER"] = options.pop("user", unquote(parts.username or ""))
    found["PASSWORD"] = options.pop("password", unquote(parts.password or ""))
    found["NAME"] = options.pop("dbname", unquote(parts.path.lstrip("/"))) or found["USER"] or "postgres"
    found["OPTIONS"] = options
    return found


DATABASES = {"default": database(os.environ)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "/static/"

# Where Weir answers, to have it read the tables anew after each `manage.py migrate`; empty: it is not told.
WEIR_RELOAD_URL = os.environ.get("WEIR_RELOAD_URL", "")
WEIR_ADMIN_SECRET = os.environ.get("WEIR_ADMIN_SECRET", "")
