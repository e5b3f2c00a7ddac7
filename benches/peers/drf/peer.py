"""Users and roles as djangorestframework-jsonapi serves them: models, serializers, a viewset, and settings.

The tables are those of ../tables.sql. DATABASE_URL says where they are.
"""

import datetime
import hashlib
import os
import urllib.parse

from django.conf import settings


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


settings.configure(
    SECRET_KEY="only here",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": database()},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django_filters",
        "rest_framework",
        "rest_framework_json_api",
    ],
    MIDDLEWARE=[],
    REST_FRAMEWORK={
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
    },
)

import django  # noqa: E402

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.urls import include, path  # noqa: E402
from rest_framework import authentication, exceptions, routers  # noqa: E402
from rest_framework_json_api import serializers, views  # noqa: E402
from rest_framework_json_api.relations import ResourceRelatedField  # noqa: E402


class Role(models.Model):
    name = models.TextField(unique=True)
    label = models.TextField(null=True)
    description = models.TextField(null=True)
    scope = models.TextField()
    created = models.TextField()
    modified = models.TextField()

    class Meta:
        app_label = "peer"
        db_table = "roles"
        managed = False
        ordering = ["id"]


class User(models.Model):
    username = models.TextField(unique=True)
    uname = models.TextField(unique=True)
    name = models.TextField(null=True)
    surname = models.TextField(null=True)
    full_name = models.TextField(null=True)
    email = models.TextField(null=True)
    position = models.TextField(null=True)
    organization = models.TextField(null=True)
    time_zone = models.TextField(null=True)
    is_active = models.BooleanField()
    is_staff = models.BooleanField()
    external = models.BooleanField()
    last_login = models.TextField(null=True)
    created_by = models.IntegerField(null=True)
    modified_by = models.IntegerField(null=True)
    created = models.TextField()
    modified = models.TextField()
    roles = models.ManyToManyField(Role, through="UserRole", related_name="users")
    is_authenticated = True

    class Meta:
        app_label = "peer"
        db_table = "users"
        managed = False
        ordering = ["id"]


class UserRole(models.Model):
    user = models.ForeignKey(User, models.CASCADE)
    role = models.ForeignKey(Role, models.CASCADE)

    class Meta:
        app_label = "peer"
        db_table = "user_roles"
        managed = False


class Token(models.Model):
    hash = models.TextField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE)

    class Meta:
        app_label = "peer"
        db_table = "tokens"
        managed = False


class Bearer(authentication.BaseAuthentication):
    """API tokens, of which the database has the SHA-256."""

    def authenticate(self, request):
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer":
            return None
        digest = hashlib.sha256(secret.encode()).hexdigest()
        try:
            token = Token.objects.select_related("user").get(hash=digest, user__is_active=True)
        except Token.DoesNotExist:
            raise exceptions.AuthenticationFailed from None
        return token.user, token

    def authenticate_header(self, request):
        return "Bearer"


class RoleSerializer(serializers.ModelSerializer):
    class Meta:
        model = Role
        resource_name = "roles"
        fields = ["name", "label", "description", "scope", "created", "modified"]


class UserSerializer(serializers.ModelSerializer):
    included_serializers = {"roles": RoleSerializer}
    roles = ResourceRelatedField(many=True, read_only=True)

    class Meta:
        model = User
        resource_name = "users"
        fields = [
            "username", "uname", "name", "surname", "full_name", "email", "position", "organization", "time_zone",
            "is_active", "is_staff", "external", "last_login", "created_by", "modified_by", "created", "modified",
            "roles", "url",
        ]  # fmt: skip
        read_only_fields = ["created_by", "modified_by", "created", "modified", "last_login"]
        extra_kwargs = {"url": {"view_name": "user-detail"}}


class Users(views.ModelViewSet):
    queryset = User.objects.all()
    serializer_class = UserSerializer
    authentication_classes = [Bearer]
    resource_name = "users"
    # Each user's linkage is shown, so it is fetched for all at once.
    prefetch_for_includes = {"__all__": ["roles"]}
    filterset_fields = {"username": ("exact",), "surname": ("exact",), "email": ("exact", "contains")}
    ordering_fields = ["id", "username", "surname", "created"]

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset)
        # What is equal in the sort's field has an order too, as pages need.
        return queryset.order_by(*queryset.query.order_by, "id") if queryset.query.order_by else queryset

    def perform_update(self, serializer):
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        serializer.save(modified=now, modified_by=self.request.user.pk)


router = routers.SimpleRouter(trailing_slash=False)
router.register("users", Users, basename="user")
urlpatterns = [path("", include(router.urls))]
application = get_wsgi_application()
