import datetime
import hashlib

from django.urls import include, path
from rest_framework import authentication, exceptions, routers
from rest_framework_json_api import serializers, views
from rest_framework_json_api.relations import ResourceRelatedField

from .models import Role, Token, User


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
