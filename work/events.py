from audit.verbs import verb

MAIL_REQUEUED = verb("mail.requeued", "put on its way again the letter")
