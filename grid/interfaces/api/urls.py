"""API of interfaces: cases carried together with other platforms."""

from django.urls import URLPattern, URLResolver, path

from cityops.foundation.bodies import takes_body
from grid.interfaces.api.partner import hooks, views
from grid.interfaces.rules.webhooks import LARGEST_MESSAGE

urlpatterns: list[URLPattern | URLResolver] = [
    path("partner/cases/", views.PartnerCases.as_view(), name="partner-case-list"),
    path("partner/cases/<slug:case_no>/", views.PartnerCaseOne.as_view(), name="partner-case"),
    path("partner/cases/<slug:case_no>/<slug:operation>/", views.PartnerOperation.as_view(), name="partner-operate"),
    path(
        "partner/cases/<slug:case_no>/media/<uuid:media_id>/",
        views.PartnerCaseMedia.as_view(),
        name="partner-case-media",
    ),
    path("partner/changes/", views.PartnerChangesView.as_view(), name="partner-changes"),
    path("partner/media/", takes_body(views.LARGEST_REQUEST, views.PartnerMedia.as_view()), name="partner-media"),
    path("partner/notices/", views.PartnerNotices.as_view(), name="partner-notice-list"),
    path("partner/notices/<int:pk>/sign/", views.NoticeSign.as_view(), name="partner-notice-sign"),
    path("partner/hooks/<slug:code>/", takes_body(LARGEST_MESSAGE, hooks.PartnerHook.as_view()), name="partner-hook"),
]
