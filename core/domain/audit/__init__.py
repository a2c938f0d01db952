"""The audit trail: one record for each decision that matters, written in the transaction that makes it.

What a transaction decides it records itself (`AuditIntents.record_act`), so that what was acknowledged was audited.
Refusals decide nothing: they are gathered by kind, network and minute (`refusals.py`), so that nobody can fill the
database with them. What happens at every refresh and validation is counted alone (`counts.py`). No record holds a
secret, nor text that somebody who is not known has typed.
"""
