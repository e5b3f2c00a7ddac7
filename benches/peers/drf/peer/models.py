from django.db import models


class Role(models.Model):
    name = models.TextField(unique=True)
    label = models.TextField(null=True)
    description = models.TextField(null=True)
    scope = models.TextField()
    created = models.TextField()
    modified = models.TextField()

    class Meta:
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
        db_table = "users"
        managed = False
        ordering = ["id"]


class UserRole(models.Model):
    user = models.ForeignKey(User, models.CASCADE)
    role = models.ForeignKey(Role, models.CASCADE)

    class Meta:
        db_table = "user_roles"
        managed = False


class Token(models.Model):
    hash = models.TextField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE)

    class Meta:
        db_table = "tokens"
        managed = False
