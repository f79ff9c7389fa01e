"""Pages of signals."""

from django.urls import URLPattern, URLResolver, path

from cityops.accounts.guards import requires
from grid.signals.web import views

VIEW = "signals.view_signal"
sees = requires(VIEW)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", sees(views.signal_list), name="signal-list"),
    path("settings/", requires("signals.view_setting")(views.setting_list), name="signal-settings"),
    path("settings/<slug:kind>/", requires("signals.change_setting")(views.setting_edit), name="signal-setting"),
    path("<int:pk>/", sees(views.signal_detail), name="signal-detail"),
    path("<int:pk>/answer/", requires(VIEW, "signals.answer_signal")(views.signal_answer), name="signal-answer"),
    path("<int:pk>/review/", requires(VIEW, "signals.review_signal")(views.signal_review), name="signal-review"),
]
