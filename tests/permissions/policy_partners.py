"""Rows of partners; see ``policy``."""

from tests.permissions.row import CITY, PUBLIC, Row

_CASE = ("grid.view_case",)
_PARTNER = ("interfaces.view_partner",)
_PARTNERS = ("interfaces.view_partner", "interfaces.change_partner")
PARTNERS = (
    Row("interface-partner-list", CITY, _PARTNER, lists="partner"),
    Row("interface-partner-new", CITY, _PARTNERS),
    Row("interface-partner", CITY, _PARTNER, about="partner"),
    Row("interface-partner-edit", CITY, _PARTNERS, about="partner"),
    Row("interface-secret-make", CITY, _PARTNERS, about="partner", posts=True),
    Row("interface-secret-take", CITY, _PARTNERS, about="partner", posts=True),
    Row("interface-secret-end", CITY, _PARTNERS, about="partner_secret", posts=True),
    Row("interface-partner-test", CITY, _PARTNERS, about="partner", posts=True),
    Row("interface-partner-resume", CITY, _PARTNERS, about="partner", posts=True),
    Row("interface-notice", CITY, _PARTNERS, about="partner", posts=True),
    Row("interface-share-settle", CITY, _PARTNERS, about="partner_share", posts=True),
    Row("interface-delivery-list", CITY, _PARTNER, lists="delivery"),
    Row("interface-delivery", CITY, _PARTNER, about="delivery"),
    Row("interface-delivery-again", CITY, _PARTNERS, about="delivery", posts=True),
    Row("api:partner-case-list", CITY, _CASE, lists="partner_case"),
    Row("api:partner-case", CITY, _CASE, about="case"),
    Row("api:partner-case-media", CITY, _CASE, about="media"),
    Row("api:partner-operate", CITY, _CASE, about="partner_operation", posts=True),
    Row("api:partner-changes", CITY, _CASE, lists="delivery"),
    Row("api:partner-media", CITY, ("grid.add_media",), posts=True),
    Row("api:partner-notice-list", CITY, _CASE, lists="notice"),
    Row("api:partner-notice-sign", CITY, _CASE, about="notice", posts=True),
    Row("api:partner-hook", CITY, PUBLIC, about="partner", posts=True, peers=True, says_alike=True),
)
