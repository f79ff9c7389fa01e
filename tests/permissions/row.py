"""What a row of the table of routes says; the rows are in ``policy`` and beside it."""

from dataclasses import dataclass

ALL, UPPER, CITY = "npm", "np", "m"
PUBLIC = None
"""Open without sign-in."""


@dataclass(frozen=True)
class Row:
    """One route.

    ``needs``: permissions for reading; ``()`` for anybody who is signed in, PUBLIC for everybody.
    ``writes``: permissions for writing where they differ.
    ``about``: the one thing in the address; it exists for who is responsible for its region, and is 404 for others.
    ``lists``: the things it lists; each person gets the own region's only.
    ``posts``: True where it only takes POST, so that a GET is 405 for those who may.
    ``peers``: for other nodes, who come with a signature instead of a sign-in.
    """

    name: str
    tiers: str
    needs: tuple[str, ...] | None = ()
    writes: tuple[str, ...] = ()
    about: str = ""
    lists: str = ""
    query: str = ""
    posts: bool = False
    peers: bool = False
    holds: str = ""
    """A text that is there for who is responsible and, unless ``says_alike``, for nobody else; or the name of one:
    ``{case}``, ``{grid}`` … of ``World.texts``. Rows with ``lists`` hold the thing's own text by themselves."""
    machines: bool = False
    """True where programs come that know no sign-in page: without a sign-in they get 401 as at the API."""
    says_alike: bool = False
    """True where it answers for every region alike (a dictionary, a form), though its address names a thing."""
