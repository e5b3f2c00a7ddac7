"""DATABASE_URL says where the tables are."""

import os
import urllib.parse


def database():
    url = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
    if url.scheme == "sqlite":
        pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": url.netloc + url.path,
            "CONN_MAX_AGE": None,
            "OPTIONS": {"init_command": pragmas, "transaction_mode": "IMMEDIATE", "timeout": 20},
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": url.hostname,
        "PORT": url.port,
        "USER": url.username,
        "PASSWORD": url.password,
        "NAME": url.path.removeprefix("/"),
        "CONN_MAX_AGE": None,
        "OPTIONS": {"options": "-c search_path=peers"},
    }


SECRET_KEY = "only here"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "peer.urls"
DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django_filters",
    "rest_framework",
    "rest_framework_json_api",
    "peer",
]
# Tells the length of answers, so that they need no chunks.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
REST_FRAMEWORK = {
    "PAGE_SIZE": 20,
    "EXCEPTION_HANDLER": "rest_framework_json_api.exceptions.exception_handler",
    "DEFAULT_PAGINATION_CLASS": "rest_framework_json_api.pagination.JsonApiPageNumberPagination",
    "DEFAULT_PARSER_CLASSES": ["rest_framework_json_api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework_json_api.renderers.JSONRenderer"],
    "DEFAULT_METADATA_CLASS": "rest_framework_json_api.metadata.JSONAPIMetadata",
    "DEFAULT_FILTER_BACKENDS": [
        "rest_framework_json_api.filters.QueryParameterValidationFilter",
        "rest_framework_json_api.filters.OrderingFilter",
        "rest_framework_json_api.django_filters.DjangoFilterBackend",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
}
