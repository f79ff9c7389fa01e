"""How the schema describes signing in by token."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class ApiTokenScheme(OpenApiAuthenticationExtension):
    """``Authorization: Bearer <token>``."""

    target_class = "cityops.accounts.authentication.ApiTokenAuthentication"
    name = "token"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, str]:
        """A bearer token, issued on the maintenance pages."""
        return {"type": "http", "scheme": "bearer", "description": "Token of an integration; scopes read and write"}
