"""Every text of the product has its English, with the same placeholders."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z\d.]*?[sdf]|%[sd]")
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def messages():
    spec = importlib.util.spec_from_file_location("messages", ROOT / "bin" / "messages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_has_its_english(messages):
    missing = messages.untranslated(messages.read(messages.CATALOGUE), messages.collect())
    assert not missing, "no English for (run bin/messages, then translate):\n" + "\n".join(missing)


def test_english_keeps_the_placeholders_and_says_nothing_in_chinese(messages):
    wrong = []
    for message in messages.read(messages.CATALOGUE):
        if not message.id:
            continue
        source = message.id if isinstance(message.id, str) else message.id[-1]
        english = message.string if isinstance(message.string, str) else message.string[-1]
        if set(PLACEHOLDER.findall(source)) != set(PLACEHOLDER.findall(english)) or HAN.search(english):
            wrong.append(f"{source} → {english}")
    assert not wrong, "\n".join(wrong)
