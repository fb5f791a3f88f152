"""The rules that the software is held to, as numbered rows: what "(domain.md 1, step 9)" in a docstring refers to.

docs/domain.md is printed from here, and tests ask that every step and every default is named by a rule.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One row. ``key`` is how a source names it: a step's number, or a phrase after the section's number.

    ``held_by`` are the rules that hold it and cannot say so in a source of their own: a predicate, a policy value, a
    function as ``module:name``, or a test as ``path::name`` where the rule is that something does not exist.
    """

    key: str
    title: str
    says: str
    held_by: tuple[str, ...] = ()


STEPS: tuple[Row, ...] = (
    Row(
        "1",
        "年度计划 plan",
        "The law office plans two sessions a year, with time between them to put things right.",
    ),
    Row(
        "2",
        "述法对象 roster",
        "Three reporters, one of each category. The next round's roster exists before a session, provisionally.",
    ),
    Row("3", "述法稿 draft", "Each reporter's own text, in the first person, entered by the unit's liaison."),
    Row(
        "4",
        "审核 review",
        "A draft is due and approved so many working days before; an edit undoes the approval.",
    ),
    Row(
        "5a",
        "通报 bulletin told",
        "The session begins with what the round before has done, or says why there is none.",
    ),
    Row(
        "5b",
        "述法 report",
        "The head reports in person, eight minutes; the real time is kept and nobody is cut off.",
    ),
    Row("5c", "补充汇报 supplement", "The law office adds to each report."),
    Row(
        "5d",
        "点评 comment",
        "A leader comments on each report; a comment asks for something of units that it names, or not.",
    ),
    Row("5e", "列席 observe", "Those who report next are there; guests are something else."),
    Row(
        "6",
        "会议纪要 minutes",
        "Drafted, requirements checked, each leader's words confirmed, signed, numbered, sent. Sending starts"
        " the clock.",
    ),
    Row("7", "整改 rectify", "The unit has three months to do what the minutes asked of it."),
    Row(
        "8",
        "反馈 feed back",
        "The unit reports back, signed, to every office; each receipts by itself. Sent in time is in time.",
    ),
    Row(
        "9",
        "检查评估 verify",
        "After every receipt: passed, partly, or returned with a new date beside the old one.",
    ),
    Row(
        "10",
        "通报 bulletin written",
        "Not yet due, fed back, completed, overdue are four words; what is unfinished is carried on.",
    ),
    Row(
        "∥",
        "督查 supervise",
        "Reminders before the date, one numbered notice after it was missed, inspections by plan.",
    ),
    Row(
        "11",
        "年度绩效考评 evaluate",
        "A report counts in its plan year, a rectification once, in the year it was due; not rostered is not zero; what"
        " lies before a head took the post is not the successor's.",
    ),
    Row(
        "12",
        "年终述职 annual report",
        "Every head files one in writing each year since 2021; it is registered, not scored.",
    ),
)

PRINCIPLES: tuple[Row, ...] = (
    Row(
        "published facts",
        "公开的事实",
        "What is taken down in the room is a working note. What is published names who, whom, when and the task line.",
    ),
    Row(
        "chair decides",
        "会场由主持人决定",
        "Nothing is refused in the room; a named decision passes over a rule. What is missing is supplied or"
        " marked 未进行 before the minutes are signed.",
    ),
    Row(
        "lead reporters",
        "带头述法",
        "The topmost heads report outside the quota: nobody below supplements, comments or asks, and no case is"
        " opened.",
        held_by=("shared.tenancy.drafts:draft_owed",),
    ),
    Row(
        "full coverage",
        "全覆盖",
        "Every tier is a tenant. A village holds no session unless policy opens it: its heads report to the town,"
        " by one short form, without score and without notice.",
    ),
    Row(
        "town offices",
        "镇级办事机构",
        "In a town the Party and government office is Party office and supervision at once; one person is several"
        " offices only where policy says so.",
        held_by=("shared.security.offices:more_offices_than_policy_allows",),
    ),
    Row(
        "conflict of interest",
        "回避",
        "Where a unit houses an office of the chain, that office's steps pass to another; nobody verifies their"
        " own item.",
    ),
    Row(
        "outcomes",
        "成效",
        "A result has a number, a unit of measure, a period and evidence; without the last two it is unconfirmed. An"
        " honour of the district is no unit's.",
    ),
)

DEFAULTS: tuple[Row, ...] = (
    Row(
        "three months",
        "Three months from when?",
        "from the day the minutes are sent; the date that they print governs",
        ("rectification_months", "return_takes_time_away", "due_before_it_was_asked"),
    ),
    Row(
        "over the limit",
        "Longer than eight minutes?",
        "recorded, never cut",
        ("speech_seconds", "bell_seconds", "without_spoken_time"),
    ),
    Row(
        "two heads",
        "A town has two heads?",
        "one of them each time; the turn is the unit's and the post's",
        ("entry_listed_twice", "services.scheduling.domain.rotation:turns"),
    ),
    Row("工商联", "Of which category is 工商联?", "party or mass organisation", ("category_missing",)),
    Row(
        "2021/2",
        "The session of January belongs to the year before?",
        "plan year, number and day are three fields",
        ("date_outside_plan_year", "session_named_otherwise"),
    ),
    Row(
        "observer absent",
        "An observer did not come?",
        "recorded with the reason, shown at the next roster; policy may ask for a waiver by name",
        ("observer_absence_blocks", "absent_observer_not_waived"),
    ),
    Row(
        "a handover is recorded",
        "A reporter moves to another post?",
        "the duty stays with unit and post, and the handover is on record",
        ("post_already_held", "before_the_post_was_taken"),
    ),
    Row("praise only", "A comment without a requirement?", "no items, no case", ("nothing_is_asked",)),
    Row(
        "not verified yet",
        "Not verified when the next session comes?",
        "the bulletin says so and carries it on",
        ("services.rectification.domain.bulletin:decide",),
    ),
    Row(
        "finished late",
        "Finished late?",
        "stays late, unless a wrong record is corrected with a reason",
        ("nothing_to_correct", "no_such_feedback"),
    ),
    Row(
        "first round of a tenant",
        "No round before in the system?",
        "no bulletin: not applicable, with the reason",
        ("no_round_before", "bulletin_is_due"),
    ),
    Row(
        "same unit again",
        "The same unit again?",
        "longest unreported first; a warning inside two years",
        (
            "repeat_warning_years",
            "services.scheduling.domain.rotation:turns",
            "services.scheduling.domain.warnings:unit_rostered_again",
        ),
    ),
    Row(
        "rating of a speech",
        "Is a speech rated?",
        "not here: on paper at most, and never a source of the evaluation",
        ("tests/architecture/test_rules.py::test_nothing_is_rated_scored_or_ranked",),
    ),
    Row(
        "extension",
        "More time?",
        "asked before the date, with a reason and a new one; once, 30 days at most; the first date is kept",
        (
            "extensions_at_most",
            "extension_days_at_most",
            "extension_asked_too_late",
            "extension_not_later",
            "extension_too_long",
            "extended_often_enough",
            "reason_missing",
        ),
    ),
    Row(
        "suspension",
        "All work stops?",
        "the committee suspends a tenant's cases for a time; the days are added and shown",
        ("suspension_ends_before_it_begins", "suspension_too_long", "decision_without_name_or_reason"),
    ),
    Row(
        "lights",
        "Lights?",
        "green, yellow, orange, red, then supervision; a word beside each colour",
        ("yellow_days", "orange_working_days", "supervision_working_days"),
    ),
    Row(
        "who sees what",
        "Who sees what?",
        "a unit its own, the offices the tenant, a tier its subtree's progress; a sheet only its unit and 组织部",
        (
            "shared.security.permissions:may_read",
            "shared.security.permissions:only_unit",
            "role_within_its_tenant_alone",
            "inspection_without_end",
        ),
    ),
    Row(
        "who enters",
        "Who enters?",
        "the liaison enters and the head answers for it; entered by, for, is kept",
        ("entered_for_somebody_else", "words_of_another", "entered_for_nobody"),
    ),
    Row(
        "classified",
        "Classified text 涉密?",
        "not stored: the task line and the receipt, the paper governs",
        ("classified_text_not_stored", "text_of_a_classified_case", "paper_not_named"),
    ),
    Row(
        "sub-tiers' numbers",
        "A lower tier's numbers?",
        "inherited, stricter if it likes, never laxer",
        ("policy_laxer_than_above",),
    ),
    Row(
        "names of units",
        "A unit is renamed?",
        "names have days from which they hold",
        ("renaming_before_the_last", "services.evaluation.domain.unit:name_on"),
    ),
    Row(
        "feedback sent in error",
        "Feedback sent in error?",
        "taken back before the first receipt",
        ("receipted_before_it_was_withdrawn", "withdrawn_by_somebody_else"),
    ),
    Row(
        "bad input",
        "Input that cannot be right?",
        "refused by a rule that says its name, and nothing is lost",
    ),
    Row(
        "limits",
        "Limits of our own",
        "no check-in, points, ranking, time online or compulsory photo; lists in official order; no fact asked twice; a"
        " document's number stands for an upload",
        ("document_number_blank", "tests/architecture/test_rules.py::test_nothing_is_rated_scored_or_ranked"),
    ),
)

DATES: tuple[str, ...] = (
    "Business dates are days in Asia/Shanghai; instants are UTC.",
    "The first day is not counted. A day that the month does not have becomes its last day. A last day on a weekend or"
    " public holiday becomes the next working day; a make-up working weekend day 调休 is a working day.",
    "The holidays of a year are data, published late in the year before. A due date in a year without data is"
    " provisional; a lead time in working days is refused, naming the year. Never a guess.",
)

SPEECH: tuple[str, ...] = (
    "Formal speech runs at 150 to 200 syllables a minute: eight minutes are 1,200 to 1,600. A draft aims at 1,440;"
    " above 1,600 it is warned of, above 1,920 strongly. Spoken syllables count: 11.8% is seven.",
    "In the first person it is the head who acts, 我 or 本人, not the unit 我局.",
)

DOCUMENTS: tuple[str, ...] = (
    "Document numbers, dates and layout follow GB/T 9704-2012: `×委办〔2022〕3号`, hexagonal brackets, nothing padded.",
    "A supervision notice 督办通知单 is of one matter: number, task, owner, date, reply route.",
)
