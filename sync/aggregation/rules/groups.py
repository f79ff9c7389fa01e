"""Kinds of quality checks that look at many records together 成组检查: repeats, sums, gaps, jumps, falsification."""

from typing import Any

from sync.aggregation.rules.sql import Lookup, Source, Statement, Writer, groups, key_of

Params = dict[str, Any]
OWNED = "t.origin_code = ANY(%(owners)s::text[])"


def unique(source: Source, params: Params, _find: Lookup) -> Statement:
    """No two records of a node have the same ``fields``; all but the first are found."""
    writer = Writer()
    columns = ", ".join(source.column(name) for name in params["fields"])
    held = " AND ".join(writer.given(source, name) for name in params["fields"])
    detail = writer.say(source, params["fields"])
    where = writer.when(source, params.get("when", {}))
    return groups(
        writer,
        f"SELECT owner, rid, rid::text AS subject, record_key, left(detail, 300) AS detail FROM ("
        f"SELECT t.origin_code AS owner, t.rid, {key_of(source)} AS record_key, {detail} AS detail, row_number() OVER "
        f"(PARTITION BY t.origin_code, {columns} ORDER BY t.rid) AS number FROM {source.table} t "
        f"WHERE {OWNED} AND {held} AND {where}) q WHERE number > 1",
    )


def near_twice(source: Source, params: Params, _find: Lookup) -> Statement:
    """No matter of a class was filed twice within ``metres`` and ``hours``; the later one is found.

    Two points within a distance share a cell of twice that size in at least one of four grids, each moved by half a
    cell, so that nothing is compared with what is far away.
    """
    writer, place, at = Writer(), source.column(params["place"]), source.column(params["at"])
    cell = writer.put(float(params["metres"]) * 2 / 85_000, "float8")
    metres, hours = writer.put(params["metres"], "float8"), writer.put(int(params["hours"]), "int")
    columns = ", ".join(f"{source.column(name)} AS c{n}" for n, name in enumerate(params["fields"]))
    same = " AND ".join(f"b.c{n} = a.c{n}" for n in range(len(params["fields"])))
    where = writer.when(source, params.get("when", {}))
    return groups(
        writer,
        f"WITH placed AS MATERIALIZED (SELECT t.origin_code AS owner, t.rid, {key_of(source)} AS record_key, {place} "
        f"AS place, {at}::timestamptz AS at, {columns}, m.n, floor(ST_X({place}) / {cell} + m.x) AS x, "
        f"floor(ST_Y({place}) / {cell} + m.y) AS y FROM {source.table} t CROSS JOIN "
        f"(VALUES (0, 0, 0), (1, 0.5, 0), (2, 0, 0.5), (3, 0.5, 0.5)) AS m (n, x, y) "
        f"WHERE {OWNED} AND {place} IS NOT NULL AND {where}) "
        f"SELECT DISTINCT ON (b.rid) b.owner, b.rid, b.rid::text AS subject, b.record_key, "
        f"concat('与 ', a.record_key, ' 同类、相距 ', round(ST_DistanceSphere(a.place, b.place)), ' 米、相隔 ', "
        f"round(extract(epoch FROM b.at - a.at) / 60), ' 分钟') AS detail FROM placed a JOIN placed b "
        f"ON b.owner = a.owner AND {same} AND b.n = a.n AND b.x = a.x AND b.y = a.y AND (b.at, b.rid) > (a.at, a.rid) "
        f"AND b.at - a.at <= make_interval(hours => {hours}) WHERE ST_DistanceSphere(a.place, b.place) <= {metres}",
    )


def sums(source: Source, params: Params, find: Lookup) -> Statement:
    """Counts of a day are those of the records here 统计=明细, over ``days`` past days, but for the last ``settled``.

    ``counts`` maps a count to the moment that puts a record of ``detail`` on a day; places are cut to ``digits``.
    """
    writer, detail = Writer(), find(params["detail"])
    day, place = source.column(params["day"]), source.column(params["place"])
    days, settled = writer.put(int(params["days"]), "int"), writer.put(int(params.get("settled", 2)), "int")
    digits, zone = int(params["digits"]), "%(zone)s::text"
    counts = {str(count): str(moment) for count, moment in params["counts"].items()}
    moments = sorted(set(counts.values()))
    spread = ", ".join(f"('{moment}', {detail.column(moment, 'd')})" for moment in moments)
    counted = ", ".join(f"count(*) FILTER (WHERE m.moment = '{moment}') AS {count}" for count, moment in counts.items())
    where = writer.when(detail, params.get("detail_when", {}), "d")
    by = [(str(one), source.column(str(one)), detail.column(str(one), "d")) for one in params.get("by", [])]
    grouped = "".join(f", {theirs} AS {name}" for name, _ours, theirs in by)
    joined = "".join(f" AND c.{name} = {ours}" for name, ours, _theirs in by)
    unlike = " OR ".join(f"{source.column(count)} <> coalesce(c.{count}, 0)" for count in counts)
    told = ", ".join(
        f"CASE WHEN {source.column(count)} <> coalesce(c.{count}, 0) THEN "
        f"concat({writer.put(source.labels[count], 'text')}, ' 收到 ', {source.column(count)}, ' 推算 ', "
        f"coalesce(c.{count}, 0)) END"
        for count in counts
    )
    first = f"current_date - {days}"
    return groups(
        writer,
        f"WITH counted AS (SELECT d.origin_code AS owner, left({detail.column(params['place'], 'd')}, {digits}) "
        f"AS place, (m.at AT TIME ZONE {zone})::date AS day{grouped}, {counted} FROM {detail.table} d CROSS "
        f"JOIN LATERAL "
        f"(VALUES {spread}) AS m (moment, at) WHERE d.origin_code = ANY(%(owners)s::text[]) AND {where} "
        f"AND m.at >= ({first})::timestamp AT TIME ZONE {zone} GROUP BY 1, 2, 3"
        f"{''.join(f', {n}' for n in range(4, 4 + len(by)))}) "
        f"SELECT t.origin_code AS owner, t.rid, t.rid::text AS subject, {key_of(source)} AS record_key, "
        f"left(concat_ws('；', {told}), 300) AS detail FROM {source.table} t LEFT JOIN counted c "
        f"ON c.owner = t.origin_code AND c.day = {day} AND c.place = left({place}, {digits}){joined} "
        f"WHERE {OWNED} AND {day} BETWEEN {first} AND current_date - {settled} AND ({unlike})",
    )


def days_missing(source: Source, params: Params, _find: Lookup) -> Statement:
    """A node that sends daily has something for each of the last ``days``, since its first day, but for ``settled``."""
    writer, day = Writer(), source.column(params["field"])
    days, settled = writer.put(int(params["days"]), "int"), writer.put(int(params.get("settled", 2)), "int")
    return groups(
        writer,
        f"WITH held AS (SELECT t.origin_code AS owner, {day}::date AS day FROM {source.table} t WHERE {OWNED} "
        f"AND {day} >= current_date - {days} GROUP BY 1, 2), "
        f"begun AS (SELECT owner, min(day) AS first FROM held GROUP BY 1) "
        "SELECT b.owner, NULL::uuid AS rid, d.day::date::text AS subject, d.day::date::text AS record_key, "
        "concat('缺少 ', d.day::date) AS detail FROM begun b CROSS JOIN LATERAL "
        f"generate_series(b.first, current_date - {settled}, '1 day') AS d (day) "
        "WHERE NOT EXISTS (SELECT FROM held h WHERE h.owner = b.owner AND h.day = d.day)",
    )


def month_missing(source: Source, params: Params, _find: Lookup) -> Statement:
    """A node that sent a month before has sent the last one by its ``due_day``; months are written YYYYMM."""
    writer, column = Writer(), source.column(params["field"])
    due = writer.put(int(params["due_day"]) - 1, "int")
    last = f"to_char(current_date - {due} - interval '1 month', 'YYYYMM')"
    where = writer.when(source, params.get("when", {}))
    return groups(
        writer,
        f"SELECT owner, NULL::uuid AS rid, {last} AS subject, {last} AS record_key, concat('缺少 ', {last}) AS detail "
        f"FROM (SELECT t.origin_code AS owner, max({column}) AS latest FROM {source.table} t "
        f"WHERE {OWNED} AND {where} AND {column} ~ '^[0-9]{{6}}$' GROUP BY 1) q WHERE latest < {last}",
    )


def month_jump(source: Source, params: Params, _find: Lookup) -> Statement:
    """The sum of a count changed by no more than ``percent`` from one whole month to the next, from ``least`` on."""
    writer, name, day = Writer(), params["field"], source.column(params["day"])
    percent, least = writer.put(params["percent"], "numeric"), writer.put(params["least"], "numeric")
    label = writer.put(source.labels.get(name, name), "text")
    return groups(
        writer,
        f"WITH months AS (SELECT t.origin_code AS owner, date_trunc('month', {day})::date AS month, "
        f"sum({source.column(name)}) AS total, count(DISTINCT {day}) AS days FROM {source.table} t WHERE {OWNED} "
        f"AND {day} >= date_trunc('month', current_date) - interval '2 months' "
        f"AND {day} < date_trunc('month', current_date) GROUP BY 1, 2) "
        "SELECT b.owner, NULL::uuid AS rid, to_char(b.month, 'YYYY-MM') AS subject, to_char(b.month, 'YYYY-MM') "
        f"AS record_key, concat({label}, ' 上月 ', a.total, ' 本月 ', b.total) AS detail FROM months a JOIN months b "
        f"ON b.owner = a.owner AND b.month > a.month WHERE least(a.days, b.days) >= 20 "
        f"AND greatest(a.total, b.total) >= {least} AND abs(b.total - a.total) * 100 > a.total * {percent}",
    )


def constant(source: Source, params: Params, _find: Lookup) -> Statement:
    """A count of a whole node is not the same on each of the last ``days``."""
    writer, name, day = Writer(), params["field"], source.column(params["day"])
    days = writer.put(int(params["days"]), "int")
    label = writer.put(source.labels.get(name, name), "text")
    return groups(
        writer,
        f"WITH daily AS (SELECT t.origin_code AS owner, {day} AS day, sum({source.column(name)}) AS total "
        f"FROM {source.table} t WHERE {OWNED} AND {day} >= current_date - {days} AND {day} < current_date "
        f"GROUP BY 1, 2) SELECT owner, NULL::uuid AS rid, 'constant'::text AS subject, max(day)::text AS record_key, "
        f"concat({label}, ' 连续 ', count(*), ' 天均为 ', min(total)) AS detail FROM daily GROUP BY owner "
        f"HAVING count(*) >= {days} - 1 AND min(total) = max(total) AND min(total) > 0",
    )


def round_numbers(source: Source, params: Params, _find: Lookup) -> Statement:
    """Of the days of a node with a count of at least ``least``, no more than ``percent`` end in zero."""
    writer, name, day = Writer(), params["field"], source.column(params["day"])
    days, least = writer.put(int(params["days"]), "int"), writer.put(params["least"], "numeric")
    percent = writer.put(params["percent"], "numeric")
    label = writer.put(source.labels.get(name, name), "text")
    return groups(
        writer,
        f"WITH daily AS (SELECT t.origin_code AS owner, {day} AS day, sum({source.column(name)}) AS total "
        f"FROM {source.table} t WHERE {OWNED} AND {day} >= current_date - {days} GROUP BY 1, 2) "
        f"SELECT owner, NULL::uuid AS rid, 'round'::text AS subject, max(day)::text AS record_key, "
        f"concat({label}, ' ', "
        "count(*), ' 天中 ', count(*) FILTER (WHERE total %% 10 = 0), ' 天为整十数') AS detail "
        f"FROM daily WHERE total >= {least} GROUP BY owner "
        f"HAVING count(*) >= 10 AND count(*) FILTER (WHERE total %% 10 = 0) * 100 > count(*) * {percent}",
    )


def perfect_rate(source: Source, params: Params, _find: Lookup) -> Statement:
    """A rate of a whole node is not 100.00 % for ``months`` whole months of at least ``least`` each."""
    writer, day = Writer(), source.column(params["day"])
    part, whole = source.column(params["part"]), source.column(params["whole"])
    months, least = writer.put(int(params["months"]), "int"), writer.put(params["least"], "numeric")
    return groups(
        writer,
        f"WITH monthly AS (SELECT t.origin_code AS owner, date_trunc('month', {day}) AS month, sum({part}) AS part, "
        f"sum({whole}) AS whole FROM {source.table} t WHERE {OWNED} AND {day} < date_trunc('month', current_date) "
        f"AND {day} >= date_trunc('month', current_date) - make_interval(months => {months}) GROUP BY 1, 2) "
        "SELECT owner, NULL::uuid AS rid, 'perfect'::text AS subject, to_char(max(month), 'YYYY-MM') AS record_key, "
        "concat('连续 ', count(*), ' 个月均为 100.00%%，共 ', sum(whole), ' 件') AS detail FROM monthly GROUP BY owner "
        f"HAVING count(*) >= {months} AND min(whole) >= {least} AND bool_and(part = whole)",
    )


def metric_perfect(source: Source, params: Params, _find: Lookup) -> Statement:
    """A metric inside a result is not 100 for ``months`` results of one object in a row."""
    writer = Writer()
    code, months = writer.put(params["metric"], "text"), writer.put(int(params["months"]), "int")
    value = f"({source.column('metrics')} ->> {code})"
    where = writer.when(source, params.get("when", {}))
    target, period = source.column(params["object"]), source.column(params["period"])
    return groups(
        writer,
        f"WITH ranked AS (SELECT t.origin_code AS owner, {target} AS object, {period} AS period, "
        f"{value}::numeric AS v, "
        f"row_number() OVER (PARTITION BY t.origin_code, {target} ORDER BY {period} DESC) AS number "
        f"FROM {source.table} t WHERE {OWNED} AND {where} AND {value} ~ '^[0-9.]+$') "
        "SELECT owner, NULL::uuid AS rid, object::text AS subject, object::text AS record_key, "
        f"concat({code}, ' 连续 ', count(*), ' 期为 100') AS detail FROM ranked WHERE number <= {months} "
        f"GROUP BY owner, object HAVING count(*) >= {months} AND bool_and(v >= 100)",
    )


def photo_twice(source: Source, _params: Params, _find: Lookup) -> Statement:
    """The same photo does not stand in two records."""
    writer, media = Writer(), source.child("media")
    return groups(
        writer,
        f"SELECT DISTINCT ON (t.rid) t.origin_code AS owner, t.rid, t.rid::text AS subject, {key_of(source)} AS "
        f"record_key, concat('照片 ', left(m.sha256, 12), ' 还出现在另外 ', s.records - 1, ' 件中') AS detail "
        f"FROM (SELECT sha256, count(DISTINCT {media.parent}) AS records FROM {media.table} WHERE sha256 <> '' "
        f"GROUP BY 1 HAVING count(DISTINCT {media.parent}) > 1) s JOIN {media.table} m ON m.sha256 = s.sha256 "
        f"JOIN {source.table} t ON t.rid = m.{media.parent} WHERE {OWNED} ORDER BY t.rid",
    )


def bulk_at_once(source: Source, params: Params, _find: Lookup) -> Statement:
    """No more than ``most`` records of a node got a moment within the same minute."""
    writer, at = Writer(), source.column(params["field"])
    most, days = writer.put(int(params["most"]), "int"), writer.put(int(params["days"]), "int")
    where = writer.when(source, params.get("when", {}))
    return groups(
        writer,
        f"SELECT t.origin_code AS owner, NULL::uuid AS rid, date_trunc('minute', {at})::text AS subject, "
        f"date_trunc('minute', {at})::text AS record_key, concat(date_trunc('minute', {at}), ' 一分钟内 ', count(*), "
        f"' 件') AS detail FROM {source.table} t WHERE {OWNED} AND {where} AND {at} >= now() - "
        f"make_interval(days => {days}) GROUP BY t.origin_code, date_trunc('minute', {at}) HAVING count(*) > {most}",
    )


def one_spot(source: Source, params: Params, _find: Lookup) -> Statement:
    """No reporter's reports of a day (at least ``least``) all lie within ``metres`` of each other."""
    writer, place, at = Writer(), source.column(params["place"]), source.column(params["at"])
    who = source.column(params["who"])
    least, days = writer.put(int(params["least"]), "int"), writer.put(int(params["days"]), "int")
    metres, zone = writer.put(params["metres"], "float8"), "%(zone)s::text"
    where = writer.when(source, params.get("when", {}))
    wide = (
        "ST_DistanceSphere(ST_SetSRID(ST_MakePoint(ST_XMin(ST_Extent(place)), ST_YMin(ST_Extent(place))), 4326), "
        "ST_SetSRID(ST_MakePoint(ST_XMax(ST_Extent(place)), ST_YMax(ST_Extent(place))), 4326))"
    )
    return groups(
        writer,
        f"SELECT owner, NULL::uuid AS rid, concat_ws(' ', day, left(md5(who), 12)) AS subject, day::text AS "
        f"record_key, "
        f"concat(day, ' 同一上报人 ', count(*), ' 件都在 ', round({wide}), ' 米之内') AS detail FROM ("
        f"SELECT t.origin_code AS owner, ({at} AT TIME ZONE {zone})::date AS day, {who} AS who, {place} AS place "
        f"FROM {source.table} t WHERE {OWNED} AND {where} AND {writer.given(source, params['who'])} AND {at} >= "
        f"now() - "
        f"make_interval(days => {days})) q GROUP BY owner, day, who HAVING count(*) >= {least} AND {wide} <= {metres}",
    )
