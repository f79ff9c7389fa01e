"""Whatever fits the schema of a city's API, or nearly does, gets an answer that the schema promises; never a 500."""

from urllib.parse import quote, urlencode

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode

from tests.factories.people import api_token, bearer
from tests.permissions.openapi import Contract
from tests.permissions.visits import Visitor
from tests.permissions.world import HERE, all_powerful

EXAMPLES = 5
FEW = hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


def lines(_context, value):
    """A body of lines is bytes as they come."""
    return getattr(value, "data", value if isinstance(value, bytes) else str(value).encode())


schemathesis.serializer("application/x-ndjson")(lines)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("letter", ["m"])
def test_no_input_breaks_the_api_or_its_promises(letter, world, settings, mode):
    contract, client = Contract(settings.ROOT_URLCONF), Visitor()
    headers = bearer(api_token(all_powerful(HERE[letter], is_integration=True)))
    faults = {}

    def ask(case):
        address = case.path
        for name, value in (case.path_parameters or {}).items():
            address = address.replace(f"{{{name}}}", quote(str(value), safe=""))
        query = urlencode(case.query or {}, doseq=True)
        body = lines(None, case.body) if case.media_type == "application/x-ndjson" else case.body
        sent = {} if case.body is schemathesis.core.NOT_SET else {"data": body, "content_type": case.media_type}
        response = client.generic(case.method, f"{address}?{query}", headers=headers, **sent)
        method = case.method.lower()
        is_ours = response.status_code != 404 or contract.operation(method, address)
        if is_ours and (found := contract.faults(method, address, response)):
            faults[f"{case.method} {address}?{query} {str(sent)[:200]} → {response.status_code}"] = found

    for operation in _operations(contract.document):
        try:
            FEW(hypothesis.given(case=operation.as_strategy(generation_mode=mode))(ask))()
        except hypothesis.errors.Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, operation.label
    assert faults == {}


def _operations(document):
    schema = schemathesis.openapi.from_dict(document)
    return [found.ok() for found in schema.get_all_operations() if "/schema/" not in found.ok().path[-9:]]
