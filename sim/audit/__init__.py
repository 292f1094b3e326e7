"""The audit of the documents: rules that find where facts disagree with each other."""

from __future__ import annotations

from sim.audit.findings import CLASSES, IMPORTANCE, Finding
from sim.audit.running import RULES, audit, findings_for_record
from sim.audit.settings import Settings, load_settings
from sim.audit.wording import Wording, load_wording

__all__ = [
    "CLASSES",
    "IMPORTANCE",
    "RULES",
    "Finding",
    "Settings",
    "Wording",
    "audit",
    "findings_for_record",
    "load_settings",
    "load_wording",
]
