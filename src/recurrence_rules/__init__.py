"""Recurrence rules (RFC 5545, section 3.3.10): those that are about days, and where they lead.

`rule.Rule` reads a rule, and finds what comes next. It relies on python-dateutil's `rrule` for the
arithmetic. Where no day fits, that looks at each day until the year 9999, for seconds: so here it
gets one month or year at a time.

It promises that a text which isn't such a rule, or that no day fits, is refused by the name of the
part; and that no rule costs more than some milliseconds.
"""
