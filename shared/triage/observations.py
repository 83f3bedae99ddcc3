"""What somebody measured and saw: the input of the triage tables. Values only."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final, Literal

VITALS: Final = ("heart_rate", "respiratory_rate", "temperature", "oxygen", "systolic", "diastolic", "glucose", "avpu")
_RANGES: Final = {
    "age_years": (0, 130), "age_days": (0, 48_000), "heart_rate": (0, 350), "respiratory_rate": (0, 150),
    "temperature": (20, 46), "oxygen": (0, 100), "systolic": (0, 350), "diastolic": (0, 250), "glucose": (0, 2000),
}  # fmt: skip
"""What a person can have at all; anything else is a slip of the finger, and refused."""
SIGNS_MAX: Final = 60
_SAYS_TOO: Final = {
    "severe_abdominal_pain": ("abdominal_pain", "severe_pain"), "severe_headache": ("headache", "severe_pain"),
    "high_risk_trauma": ("trauma",), "large_burn": ("burn",), "face_burn": ("burn",),
}  # fmt: skip
"""A sign that is another one as well: somebody with severe belly pain has belly pain, and severe pain."""


class BadObservation(ValueError):
    """A value nobody can have, or a sign nobody knows. `field` says which."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """None is "not measured" or "not known", never "normal".

    age_years, age_days: the one that is known; days for the first year.  heart_rate, respiratory_rate: a minute.
    temperature: degrees Celsius.  oxygen: SpO2 in %.  systolic, diastolic: mmHg.  glucose: mg/dL.
    avpu: A alert, C confused, V answers to voice, P to pain, U unresponsive.
    mobility: walking, help (with help) or stretcher.  trauma: any injury.  signs: codes of `names.SIGNS`.
    """

    age_years: int | None = None
    age_days: int | None = None
    pregnant: bool = False
    immunosuppressed: bool = False
    heart_rate: float | None = None
    respiratory_rate: float | None = None
    temperature: float | None = None
    oxygen: float | None = None
    on_oxygen: bool = False
    systolic: float | None = None
    diastolic: float | None = None
    glucose: float | None = None
    avpu: Literal["A", "C", "V", "P", "U"] | None = None
    mobility: Literal["walking", "help", "stretcher"] | None = None
    trauma: bool | None = None
    signs: frozenset[str] = frozenset()

    @property
    def days(self) -> float | None:
        """The age in days, if it is known at all."""
        if self.age_days is not None:
            return self.age_days
        return None if self.age_years is None else self.age_years * 365.25

    @property
    def years(self) -> float | None:
        """The age in years, with fractions where days are known."""
        return None if self.days is None else self.days / 365.25


def completed(seen: Observations) -> Observations:
    """`seen` with what it says besides: a sign that is another one too, a box and the sign of the same name, AVPU below alert.

    The tables ask in one place each; nobody may count for less because it was ticked in the other.
    """
    signs = seen.signs | {more for sign in seen.signs for more in _SAYS_TOO.get(sign, ())}
    if seen.trauma:
        signs |= {"trauma"}
    if seen.avpu not in (None, "A"):
        signs |= {"altered_mental_status"}
    return replace(seen, signs=signs, trauma=True if "trauma" in signs else seen.trauma)


def checked(seen: Observations, known_signs: frozenset[str]) -> Observations:
    """`seen`, if it can be so. Raises BadObservation naming the field."""
    for field in fields(seen):
        value = getattr(seen, field.name)
        low, high = _RANGES.get(field.name, (0, 0))
        if field.name in _RANGES and value is not None and not low <= value <= high:
            raise BadObservation(field.name, f"{field.name} is {value}; it is between {low} and {high}.")
    unknown = sorted(seen.signs - known_signs)
    if unknown:
        raise BadObservation("signs", f"There is no sign {unknown[0]!r}.")
    if len(seen.signs) > SIGNS_MAX:
        raise BadObservation("signs", f"At most {SIGNS_MAX} signs.")
    return seen
