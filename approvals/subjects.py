"""How promotions and policies are named on the record."""

from approvals.models import AfterReview, Policy, Promotion
from audit.actions import Subject


def promotion_subject(promotion: Promotion) -> Subject:
    version = promotion.version
    name = f"promotion {promotion.pk}: {version} to {promotion.to_stage}"
    return Subject("promotion", str(promotion.pk), name, model=version.model.name)


def policy_subject(policy: Policy) -> Subject:
    return Subject("policy", str(policy.pk), policy.name, model=policy.model.name if policy.model else "")


def after_review_subject(after_review: AfterReview) -> Subject:
    return Subject("after_review", str(after_review.pk), str(after_review), model=after_review.model.name)
