"""Pages of intake."""

from django.urls import path

from cityops.accounts.guards import requires
from cityops.foundation.bodies import takes_body
from grid.intake.services.duty_files import LARGEST_FILE
from grid.intake.web import answers, duties, views

may_register = requires("grid.register_case")
may_set, may_see = requires("intake.change_sourcerule"), requires("intake.view_sourcerule")
may_plan = requires("intake.change_dutyrule")
may_read, may_tell = requires("intake.view_answer"), requires("intake.view_answer", "intake.tell_answer")
LARGEST_REQUEST = LARGEST_FILE + (64 << 10)

urlpatterns = [
    path("sources/", may_see(views.source_list), name="intake-sources"),
    path("sources/<slug:source>/", may_set(views.source_edit), name="intake-source-edit"),
    path("similarity/", may_set(views.similarity), name="intake-similarity"),
    path("classes/", may_register(views.class_options), name="intake-classes"),
    path("similar/", may_register(views.similar), name="intake-similar"),
    path("similar/<slug:case_no>/", requires("grid.view_case")(views.similar_of), name="intake-similar-of"),
    path("duties/", requires("intake.view_dutyrule")(duties.duty_list), name="intake-duties"),
    path("duties/new/", may_plan(duties.duty_new), name="intake-duty-new"),
    path("duties/import/", takes_body(LARGEST_REQUEST, may_plan(duties.duty_import)), name="intake-duty-import"),
    path("duties/<int:pk>/", may_plan(duties.duty_edit), name="intake-duty-edit"),
    path("duties/<int:pk>/delete/", may_plan(duties.duty_delete), name="intake-duty-delete"),
    path("answers/", may_read(answers.answer_list), name="intake-answers"),
    path("answers/<int:pk>/", may_read(answers.answer_detail), name="intake-answer"),
    path("answers/<int:pk>/tell/", may_tell(answers.answer_tell), name="intake-answer-tell"),
    path("answers/<int:pk>/visit/", may_tell(answers.answer_visit), name="intake-answer-visit"),
]
