"""Rows of the desks and of the phone: who may open what."""

from tests.permissions.row import CITY, PUBLIC, Row

_CASE = ("grid.view_case",)
_DESK_OF = {
    "acceptor": "grid.accept_case",
    "duty_leader": "grid.review_case",
    "dispatcher": "grid.dispatch_case",
    "department": "grid.handle_case",
    "supervision": "grid.supervise_case",
}
_EXPORT = (*_CASE, "grid.export_case")
DESKS = (
    # of the desks the one of acceptors has the case of the world in its queue; the others say what they are
    Row("desk-acceptor", CITY, (*_CASE, "grid.accept_case"), lists="case"),
    *(
        Row(f"desk-{key}", CITY, (*_CASE, needed), holds="队列", says_alike=True)
        for key, needed in _DESK_OF.items()
        if key != "acceptor"
    ),
    *(Row(f"desk-{key}-case", CITY, (*_CASE, needed), about="case") for key, needed in _DESK_OF.items()),
    Row("desk-home", CITY, ("desks.use_desk",)),
    Row("desk-keys", CITY, ("desks.use_desk",), posts=True),
    Row("desk-bulk", CITY, _CASE, posts=True),
    Row("desk-views", CITY, _CASE, query="desk=cases", lists="saved_view"),
    Row("desk-view-drop", CITY, _CASE, about="saved_view", posts=True),
    # an export is there for who ordered it alone, so nobody of the region need find it
    Row("desk-exports", CITY, _EXPORT, query="desk=cases", holds="案件列表", says_alike=True),
    Row("desk-export", CITY, _EXPORT, about="case_export", posts=True),
    Row("desk-export-file", CITY, _EXPORT, about="case_export", posts=True),
    Row("desk-presence", CITY, _CASE, about="case", posts=True),
    Row("desk-act", CITY, _CASE, about="case_act", posts=True),
    Row("api:desk-list", CITY, ("desks.use_desk",), holds="acceptor", says_alike=True),
    Row("api:desk-queue", CITY, _CASE, about="desk", holds="{case}", says_alike=True),
    Row("api:desk-presence", CITY, _CASE, about="case", posts=True),
    Row("api:desk-bulk", CITY, _CASE, posts=True),
    Row("api:desk-views", CITY, _CASE, lists="saved_view"),
    Row("api:desk-view", CITY, _CASE, about="saved_view", posts=True),
    Row("api:desk-exports", CITY, ("grid.export_case",), posts=True),
    Row("api:desk-export", CITY, ("grid.export_case",), about="case_export", posts=True),
    Row("api:desk-export-file", CITY, ("grid.export_case",), about="case_export", posts=True),
)
_PHONE = ("field.use_phone",)
FIELD = (
    Row("field", CITY, _PHONE, holds="data-field-person", says_alike=True),
    Row("field-worker", CITY, PUBLIC),
    Row("field-manifest", CITY, PUBLIC),
    Row("api:field-actions", CITY, _PHONE, holds="results", says_alike=True),
    Row("api:field-tasks", CITY, _PHONE, holds="as_of", says_alike=True),
    Row("api:field-classes", CITY, _PHONE, holds="暴露垃圾", says_alike=True),
    Row("api:field-session", CITY, _PHONE, holds="csrf", says_alike=True),
)
