"""Sign-in of other systems by API token."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from cityops.accounts.models import ApiToken, User


class ApiTokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer <token>``."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The integration behind a token."""
        return None

    def authenticate_header(self, request: Request) -> str:
        """Asks for a bearer token on 401."""
        return 'Bearer realm="cityops"'
