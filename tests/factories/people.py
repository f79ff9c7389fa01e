"""Builders of divisions, organisations, people and tokens."""

import datetime as dt
import itertools
import secrets

from django.utils import timezone

from cityops.accounts.authentication import digest_of
from cityops.accounts.models import ApiToken, Organisation, Role, User
from cityops.regions.models import Division
from cityops.regions.rules import DIGITS, Level

HANGZHOU = "330100000000"
NINGBO = "330200000000"
ZHEJIANG = "330000000000"
PASSWORD = "correct-horse-battery"
_numbers = itertools.count(1)


def level_of(code: str) -> Level:
    """The level a test code most likely means: the shortest prefix after which only zeros follow."""
    return next(level for level, digits in DIGITS.items() if not code[digits:].strip("0"))


def division(code: str = HANGZHOU, *, level: Level | None = None, name: str = "", **fields) -> Division:
    """The current division of a code; made if it is not there."""
    level = level or level_of(code)
    parent_level = Level(level - 1) if level > Level.NATION else None
    parent = "" if parent_level is None else code[: DIGITS[parent_level]].ljust(12, "0")
    defaults = {"level": level, "name": name or f"区划{code}", "parent_code": parent, "valid_from": dt.date(2020, 1, 1)}
    return Division.objects.get_or_create(code=code, valid_to=None, defaults={**defaults, **fields})[0]


def organisation(code: str = "", *, division_code: str = HANGZHOU, **fields) -> Organisation:
    """An organisation; by default a disposal department of 杭州."""
    division(division_code)
    code = code or f"{next(_numbers):018d}"
    fields = {"name": f"机构{code}", "org_type": Organisation.Type.DEPARTMENT, **fields}
    return Organisation.objects.create(org_code=code, division_code=division_code, **fields)


def person(role: str | tuple[str, ...] = "duty_leader", *, division_code: str = HANGZHOU, **fields) -> User:
    """A person with a role (or several, or none: ``()``), who can sign in with PASSWORD."""
    division(division_code)
    roles = (role,) if isinstance(role, str) else role
    number = next(_numbers)
    fields = {"username": f"{roles[0] if roles else 'nobody'}-{number}", "name": f"人员{number}", **fields}
    user = User.objects.create_user(division_code=division_code, **{"password": PASSWORD, **fields})
    user.groups.set(Role.objects.filter(code__in=roles))
    return user


def api_token(
    user: User | None = None, *, scopes: tuple[str, ...] = ("read", "write"), expires_in_days: float = 30, **fields
) -> str:
    """The text of a new token, for ``headers={"Authorization": f"Bearer {token}"}``."""
    user = user or person("data_officer", is_integration=True)
    text = f"cityops_{secrets.token_urlsafe(32)}"
    ApiToken.objects.create(
        user=user,
        name="test",
        prefix=text[:8],
        digest=digest_of(text),
        scopes=list(scopes),
        expires_at=timezone.now() + dt.timedelta(days=expires_in_days),
        **fields,
    )
    return text


def bearer(token: str) -> dict[str, str]:
    """Headers for the test client: ``client.get(url, headers=bearer(token))``."""
    return {"Authorization": f"Bearer {token}"}
