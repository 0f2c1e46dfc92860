from audit.verbs import verb

AUDIT_EXPORTED = verb("audit.exported", "exported")
