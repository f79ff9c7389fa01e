"""The two statements that turn staged rows into cases and their steps, as sets."""

from grid.services.imports.checks import CLASSES
from grid.services.imports.staging import GOOD

DIVISION = """coalesce(left(p.grid_code, 12), (
    SELECT d.code FROM regions_division AS d
    WHERE (d.valid_to IS NULL OR d.valid_to >= current_date) AND d.level BETWEEN 3 AND 6
        AND d.boundary IS NOT NULL AND left(d.code, 4) = left(%s::text, 4) AND ST_Covers(d.boundary, s.geom)
    ORDER BY d.level DESC, d.code LIMIT 1), %s::text)"""
"""SQL over a row ``s`` and its grid ``p``: the division a case belongs to, the smallest one around it where it lies in
no grid. Parameters: this city twice."""

INSERT_CASES = f"""
INSERT INTO grid_case (rid, origin_code, case_no, task_no, kind, std_ref, matter_code, class_code, matter_name,
    ext_class, dept_code1, dept_name1, component_id, source, source_no, description, address, geom, grid_code,
    division_code, reporter_type, reporter_id, reported_at, accepted_at, filed_at, rejected_at, reject_reason,
    dispatched_at, duty_org,
    filing_condition, deadline_class, limit_value, limit_unit, dispose_deadline, disposed_at, checked_at,
    close_deadline, closed_at, close_type, state, rework_count, return_count, postpone_count, is_hung, is_void, urgency,
    is_supervised, satisfaction, is_simulated, updated_at, version)
SELECT s.rid, %s::text, s.case_no, coalesce(s.task_no, ''), s.kind, s.std_ref,
    CASE WHEN s.kind = '2' THEN left(w.division, 6) || s.class_code ELSE '' END, s.class_code,
    coalesce(s.matter_name, left(c.class_name, 30)), coalesce(s.ext_class, ''), s.dept_code1, s.dept_name1,
    coalesce(s.component_id, ''), coalesce(s.source, '99'), coalesce(s.source_no, ''), s.description, s.address, s.geom,
    coalesce(p.grid_code, ''), w.division, coalesce(s.reporter_type, '3'), coalesce(s.reporter_id, ''), s.reported_at,
    s.accepted_at, s.filed_at, s.rejected_at, coalesce(s.reject_reason, ''), s.dispatched_at, coalesce(s.duty_org, ''),
    coalesce(s.filing_condition, ''), '', s.limit_value, coalesce(s.limit_unit, ''), s.dispose_deadline, s.disposed_at,
    s.checked_at, s.close_deadline, s.closed_at,
    coalesce(s.close_type, CASE s.state WHEN '80' THEN '1' WHEN '81' THEN '2' ELSE '' END), s.state,
    coalesce(s.rework_count, 0), coalesce(s.return_count, 0), coalesce(s.postpone_count, 0), coalesce(s.is_hung, '0'),
    CASE s.state WHEN '90' THEN '1' ELSE '0' END, coalesce(s.urgency, '3'), coalesce(s.is_supervised, '0'),
    coalesce(s.satisfaction, ''), false, now(), 1
FROM {GOOD} AS s
LEFT JOIN import_place AS p USING (row_no)
CROSS JOIN LATERAL (SELECT {DIVISION} AS division) AS w
JOIN {CLASSES} AS c ON c.version = s.std_ref AND c.kind = s.kind AND c.class_code = s.class_code
"""
"""Parameters: this node, this city twice."""

INSERT_STEPS = f"""
INSERT INTO grid_casestep (case_id, origin_code, seq, action, from_state, to_state, operator_role, operator_org,
    operated_at, deadline, opinion)
SELECT rid, %s::text, seq, action, coalesce(lag(reached) OVER (PARTITION BY rid ORDER BY seq), ''), reached, role,
    org, at, deadline, %s::text
FROM (
    SELECT s.rid, t.action, t.at, t.role, t.org, t.deadline,
        row_number() OVER (PARTITION BY s.rid ORDER BY t.place) AS seq,
        CASE WHEN t.place = max(t.place) OVER (PARTITION BY s.rid) THEN s.state ELSE t.to_state END AS reached
    FROM {GOOD} AS s CROSS JOIN LATERAL (VALUES
        (1, '01', '10', s.reported_at,
            CASE s.reporter_type WHEN '1' THEN '01' WHEN '2' THEN '08' WHEN '4' THEN '05' WHEN '5' THEN '07' ELSE '09'
            END,
            '', NULL::timestamptz),
        (2, '04', '30', s.accepted_at, '02', '', NULL),
        (3, '06', '31', s.rejected_at, '02', '', NULL),
        (4, '05', '40', s.filed_at, '03', '', s.close_deadline),
        (5, '07', '45', s.dispatched_at, '04', '', s.dispose_deadline),
        (6, '10', '60', s.disposed_at, '05', coalesce(s.duty_org, ''), NULL),
        (7, '18', '70', s.checked_at, '01', '', NULL),
        (8, CASE s.state WHEN '81' THEN '25' ELSE '20' END, s.state, s.closed_at, '03', '', NULL)
    ) AS t (place, action, to_state, at, role, org, deadline)
    WHERE t.at IS NOT NULL
) AS steps
"""
"""Parameters: this node, the remark. One step per time that the other system kept; the last one reaches the state."""
