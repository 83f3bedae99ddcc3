"""Persons: whoever has, had or will have a visit. The site owns them; families share phones, so a phone never merges two."""

from __future__ import annotations

import unicodedata
from typing import Any, Final, NamedTuple

from edge.domain.booking_commands import AddPerson, ChangePerson, ErasePerson, NewPerson
from edge.domain.decision import Change, Decision, Moment, Refusal, Verdict

Person = dict[str, Any]
"""A person as a row: FIELDS, `id` and `version`. Empty texts and None mean unknown; `erased` is forever."""

FIELDS: Final = ("name", "phone", "email", "age", "gender", "language", "notify", "created_at", "erased")
NAME_MAX, PHONE_MAX, EMAIL_MAX, AGE_MAX = 120, 40, 254, 150
GENDERS: Final = ("male", "female", "other")


class PersonState(NamedTuple):
    """The person, and how many of their visits are open or to come."""

    person: Person | None
    open_visits: int = 0


def folded(name: str) -> str:
    """A name as names are compared: without case, accents' encoding and extra spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def same_or_new(
    known: Person | None, person_id: str | None, given: NewPerson | None, new_id: str, now: Moment
) -> tuple[Person, Person | None, Refusal | None]:
    """(whose visit it is, that person when newly made, why not). `known` was found by id, or by name and phone."""
    if known is not None and not known["erased"]:
        return known, None, None
    if person_id is not None or given is None:
        return {}, None, Refusal("no_person", "There is no such person.", "Register the person first.")
    refusal = _unfit(given._asdict())
    if refusal is not None:
        return {}, None, refusal
    person = {**given._asdict(), "name": given.name.strip(), "id": new_id, "version": 1,
              "created_at": now.now_ms, "erased": False}  # fmt: skip
    return person, person, None


def added(person: Person) -> Change:
    """The fact that a person was registered."""
    return _change("person_added", person)


def add(state: PersonState, command: AddPerson, now: Moment) -> Verdict:
    """Register a person."""
    if state.person is not None:
        return Refusal("taken", "A person with this id exists.", "Change that person instead.")
    person, _, refusal = same_or_new(None, None, command.person, command.person_id, now)
    return refusal or Decision([added(person)], result={"person": person})


def change(state: PersonState, command: ChangePerson, now: Moment) -> Verdict:
    """Change what the command names."""
    person = state.person
    if person is None or person["erased"]:
        return _gone()
    moved = {**person, **command.changes, "version": person["version"] + 1}
    refusal = _unfit(moved)
    return refusal or Decision([_change("person_changed", moved)], result={"person": moved})


def erase(state: PersonState, command: ErasePerson, now: Moment) -> Verdict:
    """Erase what is personal. Refused while somebody waits for this person."""
    person = state.person
    if person is None or person["erased"]:
        return _gone()
    if state.open_visits:
        return Refusal("open_visits", "This person has a visit that is not over.", "Complete or cancel it first.")
    blank = {"name": "", "phone": "", "email": "", "age": None, "gender": None, "language": None, "notify": False}
    moved = {**person, **blank, "erased": True, "version": person["version"] + 1}
    return Decision([_change("person_erased", moved)], result={"person": moved})


def _gone() -> Refusal:
    return Refusal("not_found", "There is no such person.", "Search again; the data may have been erased.")


def _change(kind: str, person: Person) -> Change:
    return Change(kind, person["id"], person["version"], {name: person[name] for name in FIELDS})


def _unfit(person: dict[str, Any]) -> Refusal | None:
    if not person["name"].strip():
        return Refusal("no_name", "A person needs a name.", "Write the name.")
    for name, most in (("name", NAME_MAX), ("phone", PHONE_MAX), ("email", EMAIL_MAX)):
        if len(person[name]) > most:
            return Refusal("too_long", f"{name} is longer than {most} characters.", "Shorten it.")
    if person["age"] is not None and not 0 <= person["age"] <= AGE_MAX:
        return Refusal("bad_age", f"An age is 0 to {AGE_MAX} years.", "Correct the age.")
    return None
