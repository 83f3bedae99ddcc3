"""Slips and calls: done after the commit, in order, and never silently twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

from edge.app.clockwork import Clockwork
from edge.app.effects import CHECK_EVERY_S, EffectsRunner, Site
from edge.app.ports import CoverOpen, DeviceError, PaperOut
from edge.domain.commands import CancelVisit, CompleteConsultation, MarkNoShow, StartWith, Undo
from edge.domain.tickets import Slip
from edge.store import effects as rows
from edge.store import outbox
from tests.clinic import Clinic, clinic

SITE = Site("Riverside Clinic", ZoneInfo("Asia/Kolkata"), "en", ["en", "hi"])


class Paper:
    """A printer whose next answers are planned: None prints, an error is raised."""

    def __init__(self, *plan: DeviceError | None) -> None:
        self.plan = list(plan)
        self.slips: list[Slip] = []

    async def print(self, slip: Slip) -> None:
        error = self.plan.pop(0) if self.plan else None
        if error is not None:
            raise error
        self.slips.append(slip)

    async def check(self) -> DeviceError | None:
        return self.plan.pop(0) if self.plan else None


class Voice:
    """A loudspeaker that remembers what it said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    async def say(self, words: str, language: str) -> None:
        self.said.append((language, words))


def runner(it: Clinic, printer: Paper | None = None, speaker: Voice | None = None) -> EffectsRunner:
    return EffectsRunner(it.store, it.dispatcher, it.bus, SITE, printer, speaker)


def slips(it: Clinic) -> list[tuple[str, str]]:
    """(kind, outcome) of every slip fact, in order."""
    return it.rows("select kind, json_extract(data, '$.outcome') from events where entity = 'slip' order by seq")


async def test_slip_says_when_where_and_how_many_are_before(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        paper = Paper()
        await it.issue()
        await it.issue()
        work = runner(it, paper)
        while await work.step("print_slip"):
            pass
        first, second = paper.slips
        assert (first.token, first.ahead, second.token, second.ahead) == ("A-001", 0, "A-002", 1)
        assert first.issued_at == "20 Nov 2026 13:30" and first.site_name == "Riverside Clinic" and not first.repeat
        assert slips(it) == [("slip_printed", "done")] * 2


async def test_started_is_on_disk_before_the_first_byte_leaves(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        seen: list[str] = []

        class Watching(Paper):
            async def print(self, slip: Slip) -> None:
                seen.append(it.rows("select state from effects where kind = 'print_slip'")[0][0])

        await it.issue()
        await runner(it, Watching()).step("print_slip")
        assert seen == ["started"]


async def test_slip_interrupted_by_a_crash_is_printed_again_and_says_so(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        due = rows.next_due(it.store.reader(), "print_slip", it.store.clock.now_ms())
        assert due is not None
        await it.dispatcher.writer.run(lambda conn: rows.start(conn, due.id, 0))
    async with clinic(tmp_path) as it:
        paper = Paper()
        work = runner(it, paper)
        await work.recover()
        await work.step("print_slip")
        assert [slip.repeat for slip in paper.slips] == [True]
        assert slips(it) == [("slip_printed", "repeated")]


async def test_call_interrupted_by_a_crash_is_not_spoken_again(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        await it.call()
        due = rows.next_due(it.store.reader(), "announce", it.store.clock.now_ms())
        assert due is not None
        await it.dispatcher.writer.run(lambda conn: rows.start(conn, due.id, 0))
    async with clinic(tmp_path) as it:
        voice = Voice()
        work = runner(it, None, voice)
        await work.recover()
        assert not await work.step("announce") and voice.said == []
        assert it.rows("select json_extract(data, '$.outcome') from events where entity = 'announcement'") == [
            ("unknown",)
        ]


async def test_paper_that_is_back_is_known_before_anybody_draws_a_token(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        paper = Paper(PaperOut("no paper"), CoverOpen("the cover is open"), None)
        visit = await it.issue()
        work = runner(it, paper)
        await work.step("print_slip")
        await it.accepted(CancelVisit, visit_id=visit["id"])  # so that no slip is left that could show it
        seen = [work.devices["printer"]]
        for _ in range(3):
            await work.check_printer()
            work._checked_s -= CHECK_EVERY_S
            seen.append(work.devices["printer"])
        assert seen == ["paper_out", "cover_open", "ok", "ok"] and paper.plan == []
        assert it.rows("select topic, open from alerts") == [("device:printer", 0)]


async def test_paper_out_keeps_the_slip_tells_a_person_once_and_prints_when_there_is_paper(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        paper = Paper(PaperOut("no paper"), PaperOut("no paper"))
        await it.issue()
        work = runner(it, paper)
        await work.step("print_slip")
        assert work.devices["printer"] == "paper_out"
        assert not await work.step("print_slip"), "it waits before it tries again"
        it.pass_time(60)
        await work.step("print_slip")
        it.pass_time(60)
        await work.step("print_slip")
        assert [slip.repeat for slip in paper.slips] == [False] and work.devices["printer"] == "ok"
        alerts = it.rows("select kind, json_extract(data, '$.hint') from events where entity = 'alert' order by seq")
        assert [kind for kind, _ in alerts] == ["alert_raised", "alert_ended"] and "roll" in alerts[0][1]


async def test_slip_that_may_have_come_out_is_marked_when_printed_again(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        paper = Paper(DeviceError("the cable was pulled", begun=True))
        await it.issue()
        work = runner(it, paper)
        await work.step("print_slip")
        it.pass_time(60)
        await work.step("print_slip")
        assert [slip.repeat for slip in paper.slips] == [True]


async def test_slip_older_than_ten_minutes_is_recorded_as_not_printed(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        paper = Paper()
        await it.issue()
        it.pass_time(600)
        await runner(it, paper).step("print_slip")
        assert paper.slips == [] and slips(it) == [("slip_not_printed", "not_done")]


async def test_slip_of_a_visit_that_is_over_is_not_printed(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        await it.accepted(MarkNoShow, visit_id=(await it.call())["visit"]["id"])
        paper = Paper()
        await runner(it, paper).step("print_slip")
        assert paper.slips == [] and slips(it) == [("slip_not_printed", "not_done")]


async def test_call_is_spoken_in_each_language_of_the_voice_and_a_stale_one_never(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        voice = Voice()
        work = runner(it, None, voice)
        await it.issue()
        call = await it.call()
        await work.step("announce")
        assert [language for language, _ in voice.said] == ["en", "hi"]
        assert voice.said[0][1] == "Token A, 0 0 1, please go to Room 2."
        await it.accepted(Undo, undo_id=call["undo_id"])
        it.pass_time(61)
        await work.step("announce")
        assert len(voice.said) == 2


async def test_somebody_a_doctor_begins_with_at_once_is_called_aloud_unless_that_is_over(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        voice = Voice()
        work = runner(it, None, voice)
        first = await it.issue()
        await it.accepted(StartWith, doctor_id=it.doctor_id, visit_id=first["id"])
        await work.step("announce")
        assert voice.said[0][1] == "Token A, 0 0 1, please go to Room 2."
        await it.accepted(CompleteConsultation, visit_id=first["id"])
        second = await it.issue()
        await it.accepted(StartWith, doctor_id=it.doctor_id, visit_id=second["id"])
        await it.accepted(CompleteConsultation, visit_id=second["id"])
        await work.step("announce")
        assert len(voice.said) == 2


async def test_site_without_printer_and_speaker_still_records_every_slip_and_call(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        await it.call()
        work = runner(it)
        await work.step("print_slip")
        await work.step("announce")
        assert slips(it) == [("slip_not_printed", "not_done")]
        assert it.rows("select count(*) from effects where state in ('open', 'started')") == [(0,)]


async def test_running_workers_print_what_is_issued_while_they_wait(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        paper = Paper()
        task = asyncio.create_task(runner(it, paper).run())
        try:
            await asyncio.sleep(0)
            for _ in range(3):
                await it.issue()
            async with asyncio.timeout(5):
                while len(slips(it)) < 3:
                    await asyncio.sleep(0.01)
            assert [slip.token for slip in paper.slips] == ["A-001", "A-002", "A-003"]
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_day_opens_by_itself_in_the_sites_own_zone_and_never_goes_back(tmp_path: Path) -> None:
    async with clinic(tmp_path, prepared=False) as it:
        work = Clockwork(it.store, it.dispatcher, ZoneInfo("Asia/Kolkata"))
        await work.tick()
        assert it.rows("select day from days") == [("2026-11-20",)]
        it.pass_time(11 * 3600)  # 19:00 UTC is past midnight in Kolkata
        await work.tick()
        it.pass_time(-24 * 3600)
        await work.tick()
        assert it.rows("select day, closed_ms is null from days order by day") == [("2026-11-20", 0), ("2026-11-21", 1)]


async def test_no_day_opens_while_the_time_is_not_trusted(tmp_path: Path) -> None:
    async with clinic(tmp_path, prepared=False) as it:
        it.store.clock.trust = "person"
        work = Clockwork(it.store, it.dispatcher, ZoneInfo("UTC"))
        await work.tick()
        assert it.rows("select count(*) from days") == [(0,)]
        it.store.clock.confirmed = True
        await work.tick()
        assert it.rows("select count(*) from days") == [(1,)]


async def test_outbox_cuts_runs_without_holes_and_shows_a_shelved_event_as_a_gap(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        for _ in range(5):
            await it.issue()
        conn = it.store.reader()
        whole = outbox.cut(conn, 1, 0)
        assert whole is not None and [e.seq for e in whole.events] == list(range(1, 9)) and whole.gaps == []
        await it.dispatcher.writer.run(lambda c: outbox.shelve(c, 1, 5, "the cloud cannot read it", 0))
        await it.dispatcher.writer.run(lambda c: outbox.shelve(c, 1, 5, "the cloud cannot read it", 0))
        cut = outbox.cut(conn, 1, 3)
        assert cut is not None and (cut.first, cut.last) == (4, 8)
        assert [(g.first, g.last) for g in cut.gaps] == [(5, 5)] and [e.seq for e in cut.events] == [4, 6, 7, 8]
        assert outbox.cut(conn, 1, 8) is None
        assert it.rows("select count(*) from dead_letters") == [(1,)]


async def test_acknowledged_events_stay_fourteen_days_and_unsent_ones_for_ever(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        for _ in range(4):
            await it.issue()
        await it.dispatcher.writer.run(lambda conn: outbox.set_acked(conn, 1, 3))
        it.pass_time(13 * 86_400)
        assert await it.dispatcher.writer.run(lambda conn: outbox.forget(conn, it.store.clock.now_ms())) == 0
        it.pass_time(2 * 86_400)
        assert await it.dispatcher.writer.run(lambda conn: outbox.forget(conn, it.store.clock.now_ms())) == 3
        assert outbox.ranges(it.store.reader())[1] == (4, 7)
        assert outbox.unsent(it.store.reader()) == [0, 4, 0]
        old = outbox.cut(it.store.reader(), 1, 0)
        assert old is not None and [(g.first, g.last, g.reason) for g in old.gaps] == [(1, 3, "past retention")]


async def test_board_whose_cable_is_pulled_is_told_once_and_that_it_is_back_once(tmp_path: Path) -> None:
    from edge.app.lines import Lines

    async with clinic(tmp_path) as it:
        called: list[str] = []
        watch = Lines(it.store, it.dispatcher, {"board b1": lambda: called.append("back")})
        task = asyncio.create_task(watch.run())
        try:
            for word in ("gone", "gone", "back"):
                watch.told("board b1", word, "no such file")  # type: ignore[arg-type]
            kinds = "select kind, json_extract(data, '$.title') from events where entity = 'alert' order by seq"
            async with asyncio.timeout(5):
                while len(it.rows(kinds)) < 2:
                    await asyncio.sleep(0.01)
            assert [kind for kind, _ in it.rows(kinds)] == ["alert_raised", "alert_ended"]
            assert it.rows(kinds)[0][1] == "Board b1 does not answer (no such file)" and called == ["back"]
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_slip_waiting_for_a_printer_prints_as_soon_as_the_printer_is_back(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        paper = Paper(PaperOut("no paper"))
        await it.issue()
        work = runner(it, paper)
        await work.step("print_slip")
        task = asyncio.create_task(work.run())
        try:
            work.retry_now("print_slip")  # domain time stands still: without this it would wait for ever
            async with asyncio.timeout(5):
                while not slips(it):
                    await asyncio.sleep(0.01)
            assert [slip.token for slip in paper.slips] == ["A-001"]
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class Hoarse(Voice):
    """A loudspeaker that says its first sentence and fails at the next."""

    async def say(self, words: str, language: str) -> None:
        if self.said:
            raise DeviceError("the speaker is restarting")
        await super().say(words, language)


async def test_call_of_which_one_language_was_heard_is_not_begun_again(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        voice = Hoarse()
        work = runner(it, None, voice)
        await it.issue()
        await it.call()
        await work.step("announce")
        it.pass_time(30)
        assert not await work.step("announce") and [language for language, _ in voice.said] == ["en"]
        assert it.rows("select json_extract(data, '$.outcome') from events where entity = 'announcement'") == [
            ("unknown",)
        ]


async def test_patient_who_went_in_is_not_called_any_more(tmp_path: Path) -> None:
    from edge.domain.commands import StartConsultation

    async with clinic(tmp_path) as it:
        voice = Voice()
        await it.issue()
        await it.accepted(StartConsultation, visit_id=(await it.call())["visit"]["id"])
        await runner(it, None, voice).step("announce")
        assert voice.said == []


async def test_undo_of_a_recall_does_not_send_the_called_patient_back_to_a_chair(tmp_path: Path) -> None:
    from edge.domain.commands import Recall

    async with clinic(tmp_path) as it:
        voice = Voice()
        work = runner(it, None, voice)
        await it.issue()
        visit = (await it.call())["visit"]
        recalled = await it.accepted(Recall, visit_id=visit["id"])
        while await work.step("announce"):
            pass
        said = len(voice.said)
        await it.accepted(Undo, undo_id=recalled["undo_id"])
        assert not await work.step("announce") and len(voice.said) == said


async def test_alert_of_a_printer_that_works_again_after_a_restart_ends_with_the_first_slip(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        await runner(it, Paper(PaperOut("no paper"))).step("print_slip")
    async with clinic(tmp_path) as it:
        work = runner(it, Paper())
        await work.recover()
        it.pass_time(60)
        await work.step("print_slip")
        kinds = it.rows("select kind from events where entity = 'alert' order by seq")
        assert kinds == [("alert_raised",), ("alert_ended",)]


async def test_clock_that_was_a_year_ahead_for_a_moment_does_not_keep_the_days_from_opening(tmp_path: Path) -> None:
    async with clinic(tmp_path, prepared=False) as it:
        work = Clockwork(it.store, it.dispatcher, ZoneInfo("UTC"))
        it.pass_time(365 * 86_400)
        await work.tick()
        it.pass_time(-365 * 86_400)
        await work.tick()
        assert it.rows("select day from days where closed_ms is null") == [("2026-11-20",)]


async def test_screens_read_only_open_visits_however_many_there_were(tmp_path: Path) -> None:
    from edge.store import schema_book, states

    async with clinic(tmp_path) as it:
        for where in ("true", "service = 'A'", "status = 'in_consultation'", "doctor_id = 'x'"):
            query = (
                f"select {states.VISIT_COLUMNS} from visits indexed by visits_open where {schema_book.HERE} and {where}"
            )
            plan = " ".join(row[3] for row in it.rows(f"explain query plan {query} order by number"))
            assert "visits_open" in plan, plan
        acts = "explain query plan select id from results where undo is not null order by id desc limit 10"
        assert "results_acts" in it.rows(acts)[0][3]


async def test_clinic_that_belongs_to_no_chain_forgets_old_events_too(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        it.pass_time(15 * 86_400)
        now_ms = it.store.clock.now_ms()
        assert await it.dispatcher.writer.run(outbox.forget, now_ms) == 0
        assert await it.dispatcher.writer.run(outbox.forget, now_ms, True) == 4
