"""JSON and XML with the element names of GeoReport v2; errors in its own form."""

import re
from io import StringIO
from typing import Any
from xml.sax.xmlreader import AttributesImpl

from django.utils.xmlutils import SimplerXMLGenerator
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

ELEMENTS = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}
"""The element around a list → the element of each of its members."""
NO_ATTRIBUTES = AttributesImpl({})
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML 1.0 cannot hold."""


class GeoReportJson(JSONRenderer):
    """JSON as the view gives it."""

    format = "json"


class GeoReportXml(BaseRenderer):
    """XML whose root is the view's ``root``, or ``errors`` for a refusal."""

    media_type = "text/xml"
    format = "xml"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        """The document in UTF-8."""
        context = renderer_context or {}
        refused = context["response"].status_code >= 400
        stream = StringIO()
        xml = SimplerXMLGenerator(stream, self.charset)
        xml.startDocument()
        _write(xml, "errors" if refused else context["view"].root, data)
        xml.endDocument()
        return stream.getvalue().encode()


def _write(xml: SimplerXMLGenerator, name: str, value: Any) -> None:
    xml.startElement(name, NO_ATTRIBUTES)
    if isinstance(value, dict):
        for key, inner in value.items():
            _write(xml, key, inner)
    elif isinstance(value, list):
        for inner in value:
            _write(xml, ELEMENTS[name], inner)
    elif value is not None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        xml.characters(NO_XML.sub("", text))
    xml.endElement(name)


class ByAddress(BaseContentNegotiation):
    """The form is the end of the address, as the specification has it."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The one for the content type of the body; None where none reads it."""
        content_type = (request.content_type or "").partition(";")[0].strip()
        return next((parser for parser in parsers if parser.media_type == content_type), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """By the end of the address; JSON where it is neither."""
        wanted = request.path.rpartition(".")[2]
        found = next((one for one in renderers if one.format == wanted), renderers[0])
        return found, found.media_type
