"""Collect translatable texts into the English catalogue; for ``bin/messages``.

Chinese is the source language: a msgid is the Chinese text. Texts come from ``_()`` and its sisters in Python, and from
``translate`` and ``blocktranslate`` in templates. gettext's own tools are not needed.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import django
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "platform" / "cityops" / "locale" / "en" / "LC_MESSAGES" / "django.po"
SOURCES = ("platform", "tiers", "grid", "sync", "evaluation")
HEADER = rb"""# The English of CityOps; bin/messages keeps it. No dates here: they would differ at every run.
msgid ""
msgstr ""
"Language: en\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_now": None,  # gettext beside a lazy _
    "_lazy": None,  # and the other way round
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def sources() -> Iterator[tuple[Path, bytes]]:
    """Python as it is, templates as the Python that Django makes of them."""
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                yield path, path.read_bytes()
            elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
                lines = templatize(path.read_text(encoding="utf-8"), origin=str(path)).splitlines()
                yield path, "\n".join(line.strip() for line in lines).encode()


def collect() -> Catalog:
    """Every translatable text of the product."""
    found = Catalog(project="CityOps", charset="utf-8")
    for path, source in sources():
        try:
            for _line, message, comments, context in extract("python", BytesIO(source), KEYWORDS):
                found.add(message, context=context, auto_comments=comments, locations=[])
        except Exception as error:
            raise SystemExit(f"{path}: {error}") from error
    return found


def untranslated(catalogue: Catalog, texts: Catalog) -> list[str]:
    """The texts that the catalogue has no translation for."""
    missing = []
    for message in texts:
        if not message.id:
            continue
        known = catalogue.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
        strings = [] if known is None else [known.string] if isinstance(known.string, str) else list(known.string or [])
        if known is None or known.fuzzy or not strings or not all(strings):
            missing.append(message.id if isinstance(message.id, str) else message.id[0])
    return sorted(missing)


def read(path: Path) -> Catalog:
    """A catalogue from a file; an empty one where there is none."""
    if not path.exists():
        return Catalog(locale="en", project="CityOps", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale="en")


def main() -> None:
    """Bring the catalogue up to date, translations kept; say what has none. Further arguments: catalogues to merge."""
    settings.configure(USE_I18N=True)
    django.setup()
    texts, catalogue = collect(), read(CATALOGUE)
    for name in sys.argv[1:]:
        for message in read(Path(name)):
            if message.id and message.string:
                catalogue.delete(message.id, message.context)  # babel keeps the string that is there, empty or not
                catalogue.add(message.id, message.string, context=message.context)
    catalogue.update(texts, no_fuzzy_matching=True, update_header_comment=False)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        file.write(HEADER)
        write_po(file, catalogue, width=0, sort_output=True, ignore_obsolete=True, omit_header=True, no_location=True)
    missing = untranslated(catalogue, texts)
    print(f"{len(texts)} texts, {len(missing)} without English{':' if missing else '.'}")
    for text in missing:
        print(f"  {text}")


if __name__ == "__main__":
    main()
