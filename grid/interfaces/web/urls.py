"""Pages of interfaces."""

from django.urls import URLPattern, URLResolver, path

from cityops.accounts.guards import requires
from grid.interfaces.web import deliveries, overview, partners

SEES = requires("interfaces.view_partner")
CHANGES = requires("interfaces.view_partner", "interfaces.change_partner")
ONE = "interfaces/partners/<slug:code>/"
urlpatterns: list[URLPattern | URLResolver] = [
    path("interfaces/", requires("interfaces.view_interface")(overview.overview), name="interfaces"),
    path("interfaces/partners/", SEES(partners.partner_list), name="interface-partner-list"),
    path("interfaces/partner-new/", CHANGES(partners.partner_new), name="interface-partner-new"),
    path(ONE, SEES(partners.partner_detail), name="interface-partner"),
    path(f"{ONE}edit/", CHANGES(partners.partner_edit), name="interface-partner-edit"),
    path(f"{ONE}secret/make/", CHANGES(partners.secret_make), name="interface-secret-make"),
    path(f"{ONE}secret/take/", CHANGES(partners.secret_take), name="interface-secret-take"),
    path(f"{ONE}secret/<int:pk>/end/", CHANGES(partners.secret_end), name="interface-secret-end"),
    path(f"{ONE}test/", CHANGES(partners.partner_test), name="interface-partner-test"),
    path(f"{ONE}resume/", CHANGES(partners.partner_resume), name="interface-partner-resume"),
    path(f"{ONE}notice/", CHANGES(partners.notice_new), name="interface-notice"),
    path(f"{ONE}case/<int:pk>/settle/", CHANGES(partners.share_settle), name="interface-share-settle"),
    path("interfaces/deliveries/", SEES(deliveries.delivery_list), name="interface-delivery-list"),
    path("interfaces/deliveries/<int:pk>/", SEES(deliveries.delivery_detail), name="interface-delivery"),
    path("interfaces/deliveries/<int:pk>/again/", CHANGES(deliveries.delivery_again), name="interface-delivery-again"),
]
