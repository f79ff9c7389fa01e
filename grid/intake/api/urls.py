"""API of intake."""

from django.urls import path

from grid.intake.api import views

urlpatterns = [
    path("intake/", views.TakeIn.as_view(), name="intake-take"),
    path("intake/sources/", views.SourceList.as_view(), name="intake-source-list"),
    path("intake/sources/<slug:source>/", views.SourceOne.as_view(), name="intake-source"),
    path("intake/similarity/", views.Similarity.as_view(), name="intake-similarity"),
    path("intake/similar/", views.SimilarSearch.as_view(), name="intake-similar"),
    path("intake/classes/", views.ClassSuggestions.as_view(), name="intake-classes"),
    path("intake/duties/", views.DutyList.as_view(), name="intake-duty-list"),
    path("intake/duties/coverage/", views.DutyCoverage.as_view(), name="intake-duty-coverage"),
    path("intake/answers/", views.AnswerList.as_view(), name="intake-answer-list"),
    path("intake/answers/<int:pk>/tell/", views.AnswerTell.as_view(), name="intake-answer-tell"),
    path("intake/answers/<int:pk>/visit/", views.AnswerVisit.as_view(), name="intake-answer-visit"),
    path("cases/<slug:case_no>/suggestions/", views.CaseSuggestions.as_view(), name="case-suggestions"),
]
