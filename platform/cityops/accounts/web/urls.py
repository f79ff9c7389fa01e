"""Routes of signing in and of the own account; open at every tier."""

from django.urls import path

from cityops.accounts.guards import requires
from cityops.accounts.web import views

urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("account/", requires()(views.account), name="account"),
    path("account/sessions/", requires()(views.end_other_sessions), name="account-sessions"),
    path("account/password/", requires()(views.change_password), name="password-change"),
    path("account/language/", views.set_language, name="set-language"),
]
