"""`assaydesk review`: see what a promotion would be sealed with, and give a verdict on exactly that."""

import argparse

from assaydesk_client.answers import ChecklistItem, Promotion, Review, Slot
from assaydesk_client.client import Client
from assaydesk_client.commands.options import Subparsers, positive, subcommand
from assaydesk_client.commands.promote import gate_line, promotion_line
from assaydesk_client.errors import Misuse, Refused
from assaydesk_client.exits import Exit
from assaydesk_client.output import Output

VERDICTS = ("approve", "request_changes", "reject")
ALL = "all"


def add_subcommand(subparsers: Subparsers) -> None:
    summary = "Show a promotion; with --verdict, review it."
    parser = subcommand(subparsers, "review", summary, _run)
    parser.add_argument("promotion", metavar="PROMOTION", type=positive, help="the promotion's number")
    parser.add_argument("--verdict", choices=VERDICTS)
    parser.add_argument("--comment", help="your words; they stand in the record")
    parser.add_argument("--slot", help="which slot to fill, when you could fill several")
    parser.add_argument(
        "--tick", action="append", default=[], metavar="ITEM", help="a checklist item, or 'all' open ones of the slot"
    )
    parser.add_argument("--acknowledge", type=acknowledgement, action="append", default=[], metavar="GATE=REASON")
    parser.add_argument("--seal", help="review only if the promotion's seal is still this one")


def acknowledgement(text: str) -> tuple[str, str]:
    """`gate=reason` as a pair."""
    gate, equals, reason = text.partition("=")
    if not (gate and equals and reason.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is not GATE=REASON")
    return gate, reason.strip()


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    if options.verdict and not options.comment:
        raise Misuse("A verdict needs a comment.", "Add --comment 'what you looked at and why'.")
    if not options.verdict and (options.tick or options.comment or options.acknowledge):
        raise Misuse("Nothing is recorded without a verdict.", f"Add --verdict {'|'.join(VERDICTS)}.")
    promotion = client.promotion(options.promotion)
    if not options.verdict:
        output.result(summary_of(promotion), promotion)
        return Exit.DONE
    output.note(summary_of(promotion))
    return _review(client, promotion, options, output)


def _review(client: Client, promotion: Promotion, options: argparse.Namespace, output: Output) -> Exit:
    ticks = _ticks(promotion, options.tick, options.slot)
    # The seal that was shown is the one that is sent: anything that moved since makes the server refuse.
    seal = options.seal or promotion["seal"]
    for gate, reason in options.acknowledge:
        client.acknowledge_gate(promotion["id"], gate, reason=reason, digest=_digest_shown(promotion, gate))
    try:
        reviewed = client.review_promotion(
            promotion["id"],
            verdict=options.verdict,
            comment=options.comment,
            seal=seal,
            slot=options.slot,
            ticks=ticks,
        )
    except Refused as refused:
        if refused.code == "not_acknowledged":
            refused.remedy = _how_to_acknowledge(refused)
        raise
    output.result(promotion_line(reviewed), reviewed)
    return Exit.DONE


def _how_to_acknowledge(refused: Refused) -> str:
    options = " ".join(f'--acknowledge "{gate}=reason"' for gate in refused.details.get("gates", []))
    return f"Say why it is acceptable: {options}" if options else refused.remedy


def _digest_shown(promotion: Promotion, gate: str) -> str:
    return next((shown["digest"] for shown in promotion["gates"] if shown["key"] == gate), "")


def _ticks(promotion: Promotion, wanted: list[str], slot: str | None) -> list[str]:
    items = [item["item"] for item in promotion["checklist"]]
    if ALL in wanted:
        return _open_items(promotion, slot)
    unknown = next((item for item in wanted if item not in items), None)
    if unknown:
        raise Misuse(f"The checklist has no item {unknown!r}.", f"It has: {', '.join(items) or 'none at all'}.")
    return wanted


def _open_items(promotion: Promotion, slot: str | None) -> list[str]:
    """The open items that a person in the slot answers for; without one, those of the only slot still open."""
    still_open = [entry["slot"] for entry in promotion["slots"] if len(entry["filled_by"]) < entry["count"]]
    if slot is None and len(still_open) > 1:
        raise Misuse("Which items are yours depends on the slot you fill.", f"Add --slot {'|'.join(still_open)}.")
    mine = {"", slot or next(iter(still_open), "")}
    return [item["item"] for item in promotion["checklist"] if item["slot"] in mine and not item["ticked_by"]]


def summary_of(promotion: Promotion) -> str:
    """What a reviewer signs: gates, checklist, slots, reviews so far, and the seal over it."""
    return "\n".join(
        [
            promotion_line(promotion),
            f"asked for by {promotion['requested_by']}: {promotion['reason']}",
            "gates:",
            *map(gate_line, promotion["gates"]),
            "checklist:",
            *map(_item_line, promotion["checklist"]),
            "slots:",
            *map(_slot_line, promotion["slots"]),
            "reviews:",
            *map(_review_line, promotion["reviews"]),
            *(f"held: {hold}" for hold in promotion.get("held_by", [])),
            f"seal {promotion['seal']}",
        ]
    )


def _item_line(item: ChecklistItem) -> str:
    mark = f"x {item['ticked_by']}" if item["ticked_by"] else " "
    slot = f" ({item['slot']})" if item["slot"] else ""
    return f"  [{mark}] {item['item']}{slot}: {item['text']}"


def _slot_line(slot: Slot) -> str:
    filled = f"filled by {', '.join(slot['filled_by'])}" if slot["filled_by"] else "open"
    return f"  {slot['slot']} ({slot['title']}, {slot['count']} {slot['role']}): {filled}"


def _review_line(review: Review) -> str:
    fallen = "" if review["standing"] else " (no longer stands)"
    return f"  {review['reviewer']}: {review['verdict']}{fallen}: {review['comment']}"
