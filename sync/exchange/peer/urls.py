"""Routes of CSP/1, below ``/sync/v1/``."""

from django.urls import path

from sync.exchange.peer import views

urlpatterns = [
    path("join", views.join, name="peer-join"),
    path("hello", views.hello, name="peer-hello"),
    path("push", views.push, name="peer-push"),
    path("pull", views.pull, name="peer-pull"),
    path("notes", views.notes, name="peer-notes"),
    path("blobs", views.blobs_announced, name="peer-blobs"),
    path("blobs/<str:sha256>", views.blob, name="peer-blob"),
    path("compare", views.compare, name="peer-compare"),
    path("ranges", views.ranges, name="peer-ranges"),
    path("fence", views.fence, name="peer-fence"),
    path("echo", views.echo, name="peer-echo"),
    path("evidence", views.evidence, name="peer-evidence"),
    path("offer", views.offer, name="peer-offer"),
]
