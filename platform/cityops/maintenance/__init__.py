"""应用维护: pages for organisations, people, roles, tokens, calendars, dictionaries, the audit trail, health."""
