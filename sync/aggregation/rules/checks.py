"""Kinds of quality checks that look at one record each 逐条检查; a rule is one of them with its fields and limits."""

from typing import Any

from sync.aggregation.rules.sql import Lookup, Source, Statement, Writer, rows

Params = dict[str, Any]
CHINA = (73.0, 3.0, 136.0, 54.0)
"""Box of longitudes and latitudes around the country."""
CODE_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CODE_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
"""Check character of 统一社会信用代码 (GB 32100-2015)."""


def filled(source: Source, params: Params, _find: Lookup) -> Statement:
    """``fields`` have a value, ``when`` a condition holds."""
    writer = Writer()
    missing = [f"NOT {writer.given(source, name)}" for name in params["fields"]]
    broken = f"{writer.when(source, params.get('when', {}))} AND ({' OR '.join(missing)})"
    labels = "、".join(source.labels.get(name, name) for name in params["fields"])
    shown = writer.say(source, params.get("when", {})) if params.get("when") else "''"
    return rows(source, writer, broken, f"concat({writer.put(f'未填写：{labels} ', 'text')}, {shown})")


def absent(source: Source, params: Params, _find: Lookup) -> Statement:
    """``fields`` have no value where they must not."""
    writer = Writer()
    held = " OR ".join(writer.given(source, name) for name in params["fields"])
    broken = f"{writer.when(source, params.get('when', {}))} AND ({held})"
    return rows(source, writer, broken, writer.say(source, [*params.get("when", {}), *params["fields"]]))


def pattern(source: Source, params: Params, _find: Lookup) -> Statement:
    """A field that has a value looks like ``pattern``."""
    writer, name = Writer(), params["field"]
    held = f"{writer.given(source, name)} AND {writer.when(source, params.get('when', {}))}"
    broken = f"{held} AND {source.column(name)}::text !~ {writer.put(params['pattern'], 'text')}"
    return rows(source, writer, broken, writer.say(source, [name]))


def check_character(source: Source, params: Params, _find: Lookup) -> Statement:
    """The last of the 18 characters of a credit code follows from the others (GB 32100-2015)."""
    writer, name = Writer(), params["field"]
    code = source.column(name)
    signs, weights = writer.put(CODE_SIGNS, "text"), writer.put(list(CODE_WEIGHTS), "int[]")
    total = (
        f"SELECT (31 - sum((strpos({signs}, substr({code}, n, 1)) - 1) * ({weights})[n]) %% 31) %% 31 "
        "FROM generate_series(1, 17) n"
    )
    shaped = f"{code} ~ {writer.put(f'^[{CODE_SIGNS}]{{18}}$', 'text')}"
    broken = f"{shaped} AND strpos({signs}, right({code}, 1)) - 1 <> ({total})"
    return rows(source, writer, broken, writer.say(source, [name]))


def begins_alike(source: Source, params: Params, _find: Lookup) -> Statement:
    """The first ``digits`` of ``field`` are those of ``other``; ``at`` says where they begin in ``field``."""
    writer, digits = Writer(), int(params["digits"])
    one, other = source.column(params["field"]), source.column(params["other"])
    held = f"{writer.given(source, params['field'])} AND {writer.given(source, params['other'])}"
    part = f"substr({one}, {int(params.get('at', 1))}, {digits})"
    broken = f"{held} AND {writer.when(source, params.get('when', {}))} AND {part} <> left({other}, {digits})"
    return rows(source, writer, broken, writer.say(source, [params["field"], params["other"]]))


def owner_prefix(source: Source, params: Params, _find: Lookup) -> Statement:
    """A code lies under the division of the node that sent it."""
    writer, name = Writer(), params["field"]
    digits = "CASE right(t.origin_code, 1) WHEN 'N' THEN 0 WHEN 'P' THEN 2 ELSE 4 END"
    held = f"{writer.given(source, name)} AND {writer.when(source, params.get('when', {}))}"
    broken = f"{held} AND left({source.column(name)}, {digits}) <> left(t.origin_code, {digits})"
    return rows(source, writer, broken, writer.say(source, [name]))


def order(source: Source, params: Params, _find: Lookup) -> Statement:
    """Moments that are there do not go backwards: each is at or after all before it in ``fields``."""
    writer, names = Writer(), list(params["fields"])
    slack = writer.put(int(params.get("slack_seconds", 0)), "int")
    pairs = []
    for at in range(1, len(names)):
        before = ", ".join(source.column(name) for name in names[:at])
        latest = f"greatest({before})" if at > 1 else before
        pairs.append(f"{source.column(names[at])} + make_interval(secs => {slack}) < {latest}")
    broken = f"{writer.when(source, params.get('when', {}))} AND ({' OR '.join(pairs)})"
    return rows(source, writer, broken, writer.say(source, names))


def not_future(source: Source, params: Params, _find: Lookup) -> Statement:
    """A moment or day is not later than now, but for ``slack_hours``."""
    writer = Writer()
    slack = writer.put(int(params.get("slack_hours", 0)), "int")
    late = " OR ".join(f"{source.column(name)} > now() + make_interval(hours => {slack})" for name in params["fields"])
    return rows(source, writer, late, writer.say(source, params["fields"]))


def at_most(source: Source, params: Params, _find: Lookup) -> Statement:
    """``part`` is not more than ``whole``, for each pair of numbers."""
    writer = Writer()
    pairs = [(str(part), str(whole)) for part, whole in params["pairs"]]
    broken = " OR ".join(f"{source.column(part)} > {source.column(whole)}" for part, whole in pairs)
    return rows(source, writer, broken, writer.say(source, dict.fromkeys(name for pair in pairs for name in pair)))


def between(source: Source, params: Params, _find: Lookup) -> Statement:
    """A number lies between ``least`` and ``most``."""
    writer, column = Writer(), source.column(params["field"])
    least, most = writer.put(params["least"], "numeric"), writer.put(params["most"], "numeric")
    broken = f"{writer.when(source, params.get('when', {}))} AND {column} NOT BETWEEN {least} AND {most}"
    return rows(source, writer, broken, writer.say(source, [params["field"]]))


def exists(source: Source, params: Params, find: Lookup) -> Statement:
    """What a field names is a record of another dataset, of the same node (of any with ``anywhere``)."""
    writer, other = Writer(), find(params["dataset"])
    name = params["field"]
    same = "" if params.get("anywhere") else "AND o.origin_code = t.origin_code "
    more = writer.when(other, params.get("other_when", {}), "o")
    there = f"SELECT FROM {other.table} o WHERE {other.column(params['other'], 'o')} = {source.column(name)} {same}"
    held = f"{writer.given(source, name)} AND {writer.when(source, params.get('when', {}))}"
    return rows(source, writer, f"{held} AND NOT EXISTS ({there} AND {more})", writer.say(source, [name]))


def class_known(source: Source, params: Params, find: Lookup) -> Statement:
    """A class stands in the version of the class standard that the record names; versions not loaded are not judged."""
    writer, classes = Writer(), find("JC08")
    version, code = source.column(params["version"]), source.column(params["field"])
    there, named = classes.column("version", "o"), classes.column("class_code", "o")
    kind = f"AND {classes.column('kind', 'o')} = {source.column(params['kind'])} " if params.get("kind") else ""
    loaded = f"EXISTS (SELECT FROM {classes.table} o WHERE {there} = {version})"
    known = f"EXISTS (SELECT FROM {classes.table} o WHERE {there} = {version} AND {named} = {code} {kind})"
    broken = f"{writer.given(source, params['field'])} AND {loaded} AND NOT {known}"
    return rows(source, writer, broken, writer.say(source, [params["version"], params["field"]]))


def mapped(source: Source, params: Params, _find: Lookup) -> Statement:
    """A local extension has its standard code in the table of mappings."""
    writer, code = Writer(), source.column(params["field"])
    known = (
        f"SELECT FROM aggregation_codemapping m WHERE m.node_code = t.origin_code AND m.local_code = {code} "
        "AND (m.valid_to IS NULL OR m.valid_to >= current_date)"
    )
    broken = f"{writer.given(source, params['field'])} AND NOT EXISTS ({known})"
    return rows(source, writer, broken, writer.say(source, [params["field"]]))


def in_country(source: Source, params: Params, _find: Lookup) -> Statement:
    """A place lies in the box around the country; 0,0 and swapped coordinates do not."""
    writer, place = Writer(), source.column(params["field"])
    box = f"ST_MakeEnvelope({', '.join(writer.put(edge, 'float8') for edge in CHINA)}, ST_SRID({place}))"
    point = f"ST_PointOnSurface({place})"
    detail = f"concat(CASE WHEN ST_X({point}) BETWEEN 3 AND 54 AND ST_Y({point}) BETWEEN 73 AND 90 "
    detail += f"THEN '经纬度可能颠倒 ' ELSE '坐标不在国内 ' END, ST_AsText({point}, 6))"
    return rows(source, writer, f"{place} IS NOT NULL AND NOT {place} && {box}", detail)


def in_division(source: Source, params: Params, find: Lookup) -> Statement:
    """A place lies in the boundary of its node's division, as far as that is known, but for ``metres``."""
    writer, place = Writer(), source.column(params["field"])
    divisions = find("JC01")
    boundary, code = divisions.column("boundary", "d"), divisions.column("code", "d")
    slack = writer.put(float(params.get("metres", 500)) / 111_000, "float8")
    more = (
        f"JOIN (SELECT {code} AS code, ST_Expand(ST_Envelope({boundary}), {slack}) AS box, "
        f"{boundary} AS boundary FROM {divisions.table} d WHERE {boundary} IS NOT NULL AND d.valid_to IS NULL) d "
        "ON d.code = left(t.origin_code, 12)"
    )
    broken = f"{place} IS NOT NULL AND NOT ({place} && d.box AND ST_DWithin({place}, d.boundary, {slack}))"
    return rows(source, writer, broken, f"concat('坐标 ', ST_AsText(ST_PointOnSurface({place}), 6))", more=more)


def in_grid(source: Source, params: Params, find: Lookup) -> Statement:
    """A point lies in the unit grid that the record names, where the grid is known, but for ``metres``."""
    writer, place, grids = Writer(), source.column(params["field"]), find("JC04")
    shape = grids.column("geom", "g")
    slack = writer.put(float(params.get("metres", 20)) / 111_000, "float8")
    more = (
        f"JOIN {grids.table} g ON {grids.column('grid_code', 'g')} = {source.column(params['grid'])} "
        "AND g.origin_code = t.origin_code"
    )
    broken = f"{place} IS NOT NULL AND NOT ST_DWithin({place}, {shape}, {slack})"
    detail = f"concat({writer.say(source, [params['grid']])}, '，坐标 ', ST_AsText(ST_PointOnSurface({place}), 6))"
    return rows(source, writer, broken, detail, more=more)


def has_step(source: Source, params: Params, _find: Lookup) -> Statement:
    """A record in a state has a step with one of ``actions`` (a suspension was approved)."""
    writer, steps = Writer(), source.child("steps")
    actions = writer.put([str(one) for one in params["actions"]], "text[]")
    there = f"SELECT FROM {steps.table} k WHERE k.{steps.parent} = t.rid AND k.action = ANY({actions})"
    broken = f"{writer.when(source, params['when'])} AND NOT EXISTS ({there})"
    return rows(source, writer, broken, writer.say(source, params["when"]))


def steps_in_order(source: Source, params: Params, _find: Lookup) -> Statement:
    """The steps of a record, by their numbers, do not go back in time."""
    writer, steps = Writer(), source.child("steps")
    slack = writer.put(int(params.get("slack_seconds", 0)), "int")
    pairs = (
        f"SELECT 1 FROM (SELECT operated_at, max(operated_at) OVER (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND "
        f"1 PRECEDING) AS latest FROM {steps.table} k WHERE k.{steps.parent} = t.rid) w "
        f"WHERE w.operated_at + make_interval(secs => {slack}) < w.latest"
    )
    return rows(source, writer, f"EXISTS ({pairs})", "'流转步骤的时间早于前一步'")


def photo_far(source: Source, params: Params, _find: Lookup) -> Statement:
    """No photo was taken more than ``metres`` from the record."""
    writer, media = Writer(), source.child("media")
    far = writer.put(params["metres"], "numeric")
    more = (
        f"JOIN (SELECT {media.parent} AS rid, max(distance_m) AS far FROM {media.table} "
        f"WHERE distance_m > {far} GROUP BY 1) m ON m.rid = t.rid"
    )
    return rows(source, writer, "true", "concat('照片拍摄地点距案件 ', round(m.far), ' 米')", more=more)


def before_after_alike(source: Source, _params: Params, _find: Lookup) -> Statement:
    """No photo after the disposal is the one from before it."""
    writer, media = Writer(), source.child("media")
    same = (
        f"SELECT FROM {media.table} a JOIN {media.table} b ON b.{media.parent} = a.{media.parent} "
        f"AND b.media_id <> a.media_id AND b.usage <> a.usage AND b.sha256 = a.sha256 WHERE a.{media.parent} = t.rid"
    )
    return rows(source, writer, f"EXISTS ({same})", "'处置前后的照片内容相同'")


def arrived_late(source: Source, params: Params, _find: Lookup) -> Statement:
    """A record's first version came at most ``hours`` after the end of its day or its moment.

    Only what began after the node was joined is judged: a history that is filled in later is not late.
    """
    writer, column = Writer(), source.column(params["field"])
    hours = writer.put(int(params["hours"]), "int")
    more = (
        "JOIN sync_record v ON v.rid = t.rid AND v.rev = 1 "
        "JOIN sync_link l ON l.peer_code = t.origin_code AND l.role = 'child'"
    )
    due = f"{column}::timestamptz + make_interval(hours => {hours})"
    broken = f"{column} IS NOT NULL AND {column} > l.enrolled_at AND v.at > {due}"
    return rows(source, writer, broken, f"concat({writer.say(source, [params['field']])}, '，到达 ', v.at)", more=more)
