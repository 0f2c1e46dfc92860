from audit.verbs import verb

PERSON_CREATED = verb("person.created", "added")
PERSON_EDITED = verb("person.edited", "edited")
GROUP_CREATED = verb("group.created", "added the group")
PASSWORD_CHANGED = verb("person.password_changed", "changed the password of")
GROUPS_CHANGED = verb("person.groups_changed", "changed the groups of")
MAIL_CHOICE_CHANGED = verb("person.mail_choice_changed", "changed how letters come to")
ROLE_GRANTED = verb("role.granted", "granted")
ROLE_REVOKED = verb("role.revoked", "revoked")
TOKEN_ISSUED = verb("token.issued", "issued a token for")
TOKEN_REVOKED = verb("token.revoked", "revoked a token of")
