"""The verifier needs none of our code, and finds the byte that is wrong."""

import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from cityops.accounts.models import Organisation
from sync.exchange.models import Key
from sync.exchange.services.wiping import wipe
from sync.roads.services.evidence import evidence
from sync.roads.services.importing import take
from tests.sync.exchange.conftest import CITY, PROVINCE
from tests.sync.roads.conftest import contents, mutated

pytestmark = pytest.mark.django_db
SCRIPT = Path(__file__).resolve().parents[3] / "verifier" / "csp_verify.py"


@pytest.fixture(scope="module")
def verifier():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("csp_verify", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def export(sent):
    """What the province can show: the city's batches, and its own receipts for them."""
    for data in sent:
        take(data)
    return evidence(CITY)[1]


def erase(rid) -> int:
    with connection.cursor() as cursor:
        return wipe(cursor, "JC02", [rid], owner=CITY)


def test_an_export_with_erased_records_holds_by_their_hashes(verifier, sent):
    for data in sent:
        take(data)
    assert erase(Organisation.objects.get(name="改名").rid) == 2
    export = contents(evidence(CITY)[1])
    assert verifier.verify(export)[-1] == "2 lines were erased; their hashes stand in the chain"
    name, data = next((name, data) for name, data in export.items() if name.endswith(".csp1"))
    head = verifier.json.loads(data[10 : 10 + int.from_bytes(data[4:8])])
    with pytest.raises(verifier.Wrong):
        verifier.check_chain(name, head, verifier.zstandard.compress(b"#" + b"ab" * 32 + b"\t1\n"), False)


def test_an_export_holds(verifier, export, sent):
    assert verifier.verify(contents(export))[-1] == "6 batches with 10 records and 6 receipts hold"
    assert verifier.verify(contents(sent[0]))[-1] == "2 batches with 2 records and 0 receipts hold"


def test_a_thousand_changed_bytes_are_a_thousand_refusals_that_name_the_place(verifier, export):
    files, chance, named = contents(export), random.Random(20261127), 0
    everywhere = [(name, at) for name in sorted(files) for at in range(len(files[name]))]
    for name, at in chance.sample(everywhere, 1000):
        data, change = files[name], chance.randint(1, 255)
        wrong = {**files, name: data[:at] + bytes([data[at] ^ change]) + data[at + 1 :]}
        with pytest.raises(verifier.Wrong) as found:
            verifier.verify(wrong)
        if not name.startswith("manifest"):
            assert str(found.value) == f"{name}: byte {at} is {data[at] ^ change:#04x} instead of {data[at]:#04x}"
            named += 1
    assert named > 100


def test_more_than_one_byte_a_missing_and_a_foreign_file_are_named(verifier, export):
    files = contents(export)
    name = next(one for one in files if one.endswith(".csp1"))
    data = files[name]
    for wrong, said in (
        ({**files, name: bytes([data[0] ^ 1, data[1] ^ 1]) + data[2:]}, "more than one byte"),
        ({**files, name: data[:-1]}, "bytes instead of"),
        ({key: value for key, value in files.items() if key != name}, f"{name}: missing"),
        ({**files, "batches/9.csp1": data}, "not in the manifest"),
    ):
        with pytest.raises(verifier.Wrong, match=said):
            verifier.verify(wrong)


def test_it_runs_by_itself_on_a_folder_and_a_zip_and_finds_the_zip_s_own_bytes(export, tmp_path):
    folder, archive = tmp_path / "folder", tmp_path / "export.zip"
    for name, data in contents(export).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    archive.write_bytes(export)
    kid = Key.objects.get(node_code=PROVINCE).kid

    def run(*words):
        done = subprocess.run([sys.executable, "-I", SCRIPT, *words], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    assert run(folder, "--trust", kid)[0] == run(archive)[0] == 0
    code, said = run(folder, "--trust", "0" * 32)
    assert code == 1
    assert "not trusted" in said
    archive.write_bytes(export[:10] + b"\x01" + export[11:])
    code, said = run(archive)
    assert code == 1
    assert "byte 10 of the zip" in said


def test_a_receipt_of_the_export_is_verified_by_plain_openssl(export, tmp_path):
    files = contents(export)
    name = next(one for one in files if one.startswith("receipts/") and one.endswith(".json"))
    key = Key.objects.get(node_code=PROVINCE)
    (tmp_path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100" + key.public_key))
    (tmp_path / "text").write_bytes(b"CSP1-RECEIPT\n" + files[name])
    (tmp_path / "sig").write_bytes(files[name.replace(".json", ".sig")])
    words = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-keyform",
        "DER",
        "-inkey",
        "key.der",
        "-rawin",
        "-in",
        "text",
        "-sigfile",
        "sig",
    ]
    assert subprocess.run(words, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "text").write_bytes(mutated(b"CSP1-RECEIPT\n" + files[name], random.Random(1)))
    assert subprocess.run(words, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_the_command_writes_what_the_verifier_takes_and_no_node_takes_it(verifier, export, tmp_path, capsys):
    from sync.exchange.rules.refusals import PeerRefused

    call_command("exchange_evidence", CITY, tmp_path / "export.zip")
    assert "6 batches" in capsys.readouterr().out
    assert verifier.verify(verifier.load(tmp_path / "export.zip"))
    with pytest.raises(PeerRefused) as refusal:
        take((tmp_path / "export.zip").read_bytes())
    assert refusal.value.code == "PROTOCOL"


@pytest.fixture
def in_gm(settings):
    """New nodes begin in the national suite."""
    settings.CITYOPS_SUITE = "gm"


def test_an_export_in_the_national_suite_holds_too(in_gm, verifier, export):
    files = contents(export)
    assert verifier.verify(files)
    assert {key.suite for key in Key.objects.all()} == {"gm"}
    name = next(one for one in files if one.endswith(".csp1"))
    with pytest.raises(verifier.Wrong, match="byte 700 is"):
        verifier.verify({**files, name: files[name][:700] + bytes([files[name][700] ^ 9]) + files[name][701:]})
    with pytest.raises(verifier.Wrong, match="signature"):
        verifier.verify({**files, "manifest.sig": mutated(files["manifest.sig"], random.Random(2))})
