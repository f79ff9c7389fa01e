"""Root of the API, its schema, and two ways to read the schema."""

from functools import lru_cache
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpResponse
from django.urls import NoReverseMatch, get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, override
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

DRAWN = {"style-src": [SELF, UNSAFE_INLINE], "worker-src": [SELF, "blob:"]}
"""The readers of the schema draw with style elements; their two pages, and only those, may."""


class RootAnswer(serializers.Serializer):
    """Where one is, and what is there."""

    node_code = serializers.CharField()
    tier = serializers.CharField()
    version = serializers.CharField()
    links = serializers.DictField(child=serializers.CharField(), help_text="Route name to address")


class Root(APIView):
    """What this instance offers: its node, its tier, and the addresses without parameters."""

    @extend_schema(operation_id="root", responses=RootAnswer)
    def get(self, request: Request) -> Response:
        """Node, tier and links."""
        return Response(
            {
                "node_code": settings.CITYOPS_NODE,
                "tier": settings.CITYOPS_TIER,
                "version": settings.SPECTACULAR_SETTINGS["VERSION"],
                "links": dict(sorted(_links(request))),
            }
        )


def _links(request: Request) -> list[tuple[str, str]]:
    found = []
    for name in _names(get_resolver(getattr(request, "urlconf", None)).url_patterns):
        try:
            found.append((name, request.build_absolute_uri(reverse(f"api:{name}"))))
        except NoReverseMatch:
            continue
    return found


def _names(patterns: list[Any], inside: bool = False) -> list[str]:
    names: list[str] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and (inside or pattern.namespace == "api"):
            names += _names(pattern.url_patterns, inside=True)
        elif inside and isinstance(pattern, URLPattern) and pattern.name and pattern.name != "root":
            names.append(pattern.name)
    return names


class SchemaDocument(SpectacularAPIView):
    """OpenAPI 3 of this instance: only what its tier runs. Made once per process, language and form of writing."""

    permission_classes = [AllowAny]
    is_public = True

    @extend_schema(exclude=True)
    def get(self, request: Request, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """The document, in the language asked for."""
        asked = request.GET.get("lang", "")
        language = asked if asked in dict(settings.LANGUAGES) else get_language() or settings.LANGUAGE_CODE
        renderer: BaseRenderer = request.accepted_renderer
        return HttpResponse(
            _document(settings.ROOT_URLCONF, language, renderer.media_type or ""),
            content_type=renderer.media_type,
            headers={"Content-Disposition": f'inline; filename="cityops.{renderer.format}"'},
        )


@lru_cache(maxsize=32)
def _document(_urlconf: str, language: str, media_type: str) -> bytes:
    """The schema of the routes that this process has, as it is sent; made once, as it takes a third of a second."""
    with override(language):
        data = SchemaDocument.generator_class().get_schema(request=None, public=True)
        renderer = next(one for one in SchemaDocument.renderer_classes if one.media_type == media_type)
        body = renderer().render(data, media_type, {})
    return body if isinstance(body, bytes) else body.encode()


@method_decorator(csp_update(DRAWN), name="dispatch")
class SwaggerPage(SpectacularSwaggerSplitView):
    """The schema to try out (Swagger UI, from our own static files)."""

    permission_classes = [AllowAny]
    url_name = "api:schema"


@method_decorator(csp_update(DRAWN), name="dispatch")
class RedocPage(SpectacularRedocView):
    """The schema to read (Redoc, from our own static files)."""

    permission_classes = [AllowAny]
    url_name = "api:schema"
