"""What the generated schema promises, as a validator of answers.

Stricter than OpenAPI asks: a member that the schema does not name is a fault, except in a refusal, which carries facts.
"""

import datetime as dt
import json
import re
from functools import cache

import jsonschema
from drf_spectacular.generators import SchemaGenerator

FORMATS = jsonschema.FormatChecker(formats=("date", "uuid", "time"))
FORMATS.checks("date-time", raises=ValueError)(
    lambda text: not isinstance(text, str) or dt.datetime.fromisoformat(text)
)
OPEN = {"Problem", "ProblemEntry"}


@cache
def schema_of(urlconf: str) -> dict:
    """The schema of the routes of a tier, made once."""
    return json.loads(json.dumps(SchemaGenerator(urlconf=urlconf).get_schema(request=None, public=True), default=str))


def _strict(schema, name=""):
    """OpenAPI 3.0 as JSON schema: ``nullable`` in its words, nothing beyond what is named."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _strict(value, key) for key, value in schema.items()}
    if made.get("properties") and name not in OPEN and isinstance(made.get("type"), str):
        made.setdefault("additionalProperties", False)
    return {"anyOf": [made, {"type": "null"}]} if made.pop("nullable", False) is True else made


class Contract:
    """The promises of one tier."""

    def __init__(self, urlconf: str) -> None:
        self.document = schema_of(urlconf)
        self.components = _strict(self.document["components"])

    def operation(self, method: str, path: str) -> dict | None:
        """The operation of an address without its query; None where the schema has none."""
        fits = [
            template
            for template in self.document["paths"]
            if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path)
        ]
        template = min(fits, key=lambda text: text.count("{"), default=None)
        return None if template is None else self.document["paths"][template].get(method)

    def faults(self, method: str, path: str, response) -> list[str]:
        """How an answer breaks the promise; empty where it keeps it."""
        operation = self.operation(method, path)
        if operation is None:
            if response.status_code != 405:
                return [f"{response.status_code} of an operation that is not there"]
            promised = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        else:
            promised = operation["responses"].get(str(response.status_code))
        if promised is None:
            return [f"{response.status_code} is not promised, only {', '.join(operation['responses'])}"]
        if not promised.get("content"):
            return ["a body where none is promised"] if response.content else []
        kind = response.headers["Content-Type"].split(";")[0]
        if kind not in promised["content"]:
            return [f"{kind}, not {', '.join(promised['content'])}"]
        schema = {**_strict(promised["content"][kind]["schema"]), "components": self.components}
        if schema.get("format") == "binary":
            return [] if response.text_read else ["an empty file"]
        found = jsonschema.Draft202012Validator(schema, format_checker=FORMATS).iter_errors(response.json())
        return [f"/{'/'.join(map(str, fault.absolute_path))}: {fault.message[:200]}" for fault in found][:5]
