"""What a password must be 口令复杂度 (GB/T 22239-2019 §8.1.4.1): kinds of characters, and none of the latest ones."""

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import FormerPassword, User
from cityops.accounts.rules.guessable import own_length

KEPT = 5
"""So many latest passwords may not be chosen again."""
OWN_LENGTH = 6
"""So many characters, half of the shortest password, must be none that a guesser tries first."""


def kinds_of(password: str) -> int:
    """How many of the four kinds it has: lower case, upper case, digits, everything else."""
    tests = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum() or not c.isascii())
    return sum(any(test(character) for character in password) for test in tests)


class EnoughKinds:
    """At least three of lower case, upper case, digits and others."""

    def __init__(self, kinds: int = 3) -> None:
        self.kinds = kinds

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for too few kinds."""
        if kinds_of(password) < self.kinds:
            raise ValidationError(self.get_help_text(), code="password_too_few_kinds")

    def get_help_text(self) -> str:
        """The rule as a sentence."""
        return gettext("密码至少含小写字母、大写字母、数字、符号中的 %(kinds)s 类。") % {"kinds": self.kinds}


class NotTheTrade:
    """Not words of the product, the trade or a place, walks over the keyboard and years with a little around them."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError where too little is left without them."""
        here = (settings.CITYOPS_NAME.lower(), settings.CITYOPS_REGION[:6], *settings.CITYOPS_PASSWORD_WORDS)
        if own_length(password, here) < OWN_LENGTH:
            raise ValidationError(self.get_help_text(), code="password_trivial")

    def get_help_text(self) -> str:
        """The rule as a sentence."""
        return gettext("密码不能主要由平台名称、地名、常见词、键盘或字母数字的连续串、年份组成。")


class NotUsedLately:
    """Not the present password, and not one of the latest."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for one of the latest passwords."""
        if user is None or user.pk is None:
            return
        former = FormerPassword.objects.filter(user=user).values_list("encoded", flat=True)[: KEPT - 1]
        if any(check_password(password, encoded) for encoded in [user.password, *former]):
            raise ValidationError(self.get_help_text(), code="password_used_lately")

    def get_help_text(self) -> str:
        """The rule as a sentence."""
        return gettext("不能使用最近 %(count)s 个密码。") % {"count": KEPT}


PASSWORD_EXPIRED = _("密码已到更换期限,请先设置新密码。")
PASSWORD_GIVEN = _("密码由管理员设置,请先改为只有您知道的密码。")
