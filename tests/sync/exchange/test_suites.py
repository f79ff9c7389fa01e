"""The suites, checked by an independent hand: the command ``openssl``."""

import hashlib
import subprocess

import pytest

from sync.exchange.rules import chain as chains
from sync.exchange.rules.crypto import SUITES, digest_hex, suite
from sync.exchange.rules.gm import SIGNER_ID, _sm3_by_cryptography, sm3

MESSAGE = "城市运行管理服务".encode() * 50


def openssl(*words, cwd) -> bool:
    """Whether a call of openssl succeeded."""
    return subprocess.run(["openssl", *words], cwd=cwd, capture_output=True, check=False).returncode == 0


def files(folder, name):
    """A fresh key, a message and its signature, as files."""
    private, public = suite(name).generate()
    (folder / "private.pem").write_bytes(private)
    (folder / "message").write_bytes(MESSAGE)
    (folder / "signature").write_bytes(suite(name).sign(private, MESSAGE))
    assert openssl("pkey", "-in", "private.pem", "-pubout", "-out", "public.pem", cwd=folder)
    return private, public


def test_openssl_verifies_an_intl_signature(tmp_path):
    files(tmp_path, "intl")
    words = [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "public.pem",
        "-rawin",
        "-in",
        "message",
        "-sigfile",
        "signature",
    ]
    assert openssl(*words, cwd=tmp_path)
    (tmp_path / "message").write_bytes(MESSAGE + b".")
    assert not openssl(*words, cwd=tmp_path)


def test_openssl_verifies_a_gm_signature_with_the_signer_s_id_and_only_with_it(tmp_path):
    files(tmp_path, "gm")
    words = ["dgst", "-sm3", "-verify", "public.pem", "-signature", "signature"]
    assert openssl(*words, "-sigopt", f"distid:{SIGNER_ID}", "message", cwd=tmp_path)
    assert not openssl(*words, "message", cwd=tmp_path)
    (tmp_path / "message").write_bytes(MESSAGE + b".")
    assert not openssl(*words, "-sigopt", f"distid:{SIGNER_ID}", "message", cwd=tmp_path)


def test_a_gm_signature_made_by_openssl_verifies_here(tmp_path):
    _private, public = files(tmp_path, "gm")
    made = ["dgst", "-sm3", "-sign", "private.pem", "-sigopt"]
    assert openssl(*made, f"distid:{SIGNER_ID}", "-out", "theirs", "message", cwd=tmp_path)
    assert suite("gm").verify(public, MESSAGE, (tmp_path / "theirs").read_bytes())


@pytest.mark.parametrize("name", sorted(SUITES))
def test_a_signature_holds_for_its_key_and_message_only(name):
    one = suite(name)
    private, public = one.generate()
    _other, stranger = one.generate()
    signature = one.sign(private, MESSAGE)
    assert one.public_of(private) == public
    assert one.verify(public, MESSAGE, signature)
    assert not one.verify(public, MESSAGE + b".", signature)
    assert not one.verify(stranger, MESSAGE, signature)
    for at in range(len(signature)):
        assert not one.verify(public, MESSAGE, signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :])
    for bad in (b"", b"\x30", signature + b"\x00", bytes(64)):
        assert not one.verify(public, MESSAGE, bad)
    for bad in ("", "zz", "04" + "00" * 64, "00" * 32, public[:-2]):
        assert not one.verify(bad, MESSAGE, signature)


def test_sm3_is_the_standard_s_by_either_library():
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905-2016, A.1
    assert sm3(b"abc").hex() == _sm3_by_cryptography(b"abc").hex() == digest_hex("gm", b"abc") == expected
    assert digest_hex("intl", b"abc") == hashlib.sha256(b"abc").hexdigest()


def test_a_chain_is_of_its_suite():
    lines, start = [b"a\n", b"b\n"], bytes(32)
    intl, gm = chains.over_lines(start, lines), chains.over_lines(start, lines, "gm")
    assert gm == sm3(b"C1" + sm3(b"C1" + start + sm3(b"a\n")) + sm3(b"b\n")) != intl
    for name in ("intl", "gm"):
        erased = [chains.stub(lines[0], 1, name), lines[1]]
        assert chains.over_lines(start, erased, name) == chains.over_lines(start, lines, name)
        assert chains.over_block(start, b"".join(erased), name) == chains.over_block(start, b"".join(lines), name)
    with pytest.raises(ValueError):
        chains.over_lines(start, [b"#ab\n"], "gm")
    assert chains.over_block(start, b"k") != chains.over_block(start, b"k", "gm")


@pytest.mark.parametrize(("mine", "other"), [("intl", "gm"), ("gm", "intl")])
def test_a_private_key_of_another_suite_is_no_key_of_this_one(mine, other):
    private, _public = suite(other).generate()
    with pytest.raises(ValueError, match="another suite"):
        suite(mine).public_of(private)
