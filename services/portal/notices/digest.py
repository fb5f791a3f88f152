"""The digest of a day: what is new in a person's queue, as subject, text and data. Pure; nothing sensitive in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.portal.domain.work import Task
from services.portal.web.work_words import KINDS, TASKS, session_parts


@dataclass(frozen=True)
class Digest:
    """``keys`` name what it tells, so that nobody is told again; ``tasks`` are the same as data."""

    subject: str
    text: str
    tasks: tuple[dict[str, Any], ...]
    keys: tuple[str, ...]


def told_as(task: Task) -> str:
    """What is told once: the task with its date, again with each light that comes."""
    return f"{task.key}#{task.light.colour}"


def news(tasks: Sequence[Task], muted: Collection[str], told: Collection[str]) -> list[Task]:
    """What the person is to be told: neither what others have in hand, nor a muted kind, nor what was told before."""
    silent = {kind for name in muted if name in KINDS for kind in KINDS[name][1]}
    return [
        task for task in tasks if not task.waits and task.kind not in silent and told_as(task) not in told
    ]


def digest(
    new: Sequence[Task], others: int, name: str, place: str, today: date, url: Callable[..., str]
) -> Digest:
    """``new`` in the order of the queue and not empty; ``others`` is how much there is to do besides."""
    lines = [f"{name}：", "", f"截至{_day(today)}，您在{place}有下列事项需要办理：", ""]
    for number, task in enumerate(new, start=1):
        lines += [f"{number}. {_line(task)}", f"   {url(*task.path)}"]
    if others:
        lines += ["", f"此外还有{others}项待办。"]
    lines += [
        "",
        f"全部待办：{url('work')}",
        f"通知设置：{url('notices')}（关闭提醒不影响待办，待办始终显示全部事项）",
        "本通知不含稿件、点评、反馈等内容，请登录后查看。请勿直接回复。",
    ]
    return Digest(
        subject=_subject(new),
        text="\n".join(lines) + "\n",
        tasks=tuple(_data(task, url) for task in new),
        keys=tuple(told_as(task) for task in new),
    )


def _subject(new: Sequence[Task]) -> str:
    """What is to be done first, and by when (domain.md 7)."""
    first = new[0]
    do = TASKS[first.kind][0]
    if first.due_on is None:
        said = f"待办：请{do}"
    elif first.group == "overdue":
        said = f"逾期催办：应于{_day(first.due_on)}前{do}"
    else:
        said = f"催办：请于{_day(first.due_on)}前{do}"
    return said if len(new) == 1 else f"{said}（共{len(new)}项）"


def _line(task: Task) -> str:
    parts = session_parts(task.session)
    about = [task.unit_name, f"{parts[0]}年度第{parts[1]}轮" if parts else task.session]
    if task.due_on is not None:
        about.append(f"{_day(task.due_on)}前（{task.light.zh}）")
    said = TASKS[task.kind][0] + (f"（{task.count}项）" if task.count > 1 else "")
    told = "，".join(one for one in about if one)
    return f"{said}：{told}" if told else said


def _data(task: Task, url: Callable[..., str]) -> dict[str, Any]:
    return {
        "task": task.kind,
        "do": TASKS[task.kind][0],
        "due_on": task.due_on.isoformat() if task.due_on else None,
        "session": task.session,
        "unit": task.unit,
        "unit_name": task.unit_name,
        "light": task.light.colour,
        "url": url(*task.path),
    }


def _day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"
