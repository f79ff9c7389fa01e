"""Routes of the standard's pages."""

from django.urls import path

from cityops.accounts.guards import requires
from sync.standard.web import exports, views

may_view = requires("standard.view_dictionaryversion")
urlpatterns = [
    path("", may_view(views.index), name="standard-index"),
    path("export/", may_view(exports.dictionary_export), name="standard-export"),
    path("datasets/<slug:code>/", may_view(views.dataset_detail), name="dataset-detail"),
    path("datasets/<slug:code>/template.xlsx", may_view(views.dataset_template), name="dataset-template"),
    path("datasets/<slug:code>/schema.json", may_view(views.dataset_schema), name="dataset-schema"),
    path("code-lists/<slug:code>/", may_view(views.code_list_detail), name="code-list-detail"),
    path("classes/", may_view(views.class_list), name="class-list"),
    path("classes/export/", may_view(exports.class_export), name="class-export"),
    path("rules/", may_view(views.rule_list), name="rule-list"),
    path("rules/export/", may_view(exports.rule_export), name="rule-export"),
    path("rules/new/", requires("standard.change_disposalrule")(views.rule_new), name="rule-new"),
    path("rules/<int:pk>/", requires("standard.change_disposalrule")(views.rule_edit), name="rule-edit"),
]
