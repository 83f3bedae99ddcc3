/** "2026-11-20T09:30" as it shows on the wall in a zone, as ms since 1970. A time that a clock change leaves out is read after it. */
export function momentIn(local: string, zone: string): number {
  const wanted = Date.parse(`${local}:00Z`);
  const offset = (ms: number): number => {
    const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).formatToParts(ms);
    const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "00";
    return Date.parse(`${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}:${part("second")}Z`) - Math.floor(ms / 1000) * 1000;
  };
  const first = wanted - offset(wanted);
  return wanted - offset(first);
}

/** The wall's "2026-11-20T09:30" of a moment in a zone: what a field of date and time holds. */
export function wallTime(ms: number, zone: string): string {
  const shape: Intl.DateTimeFormatOptions = { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const parts = new Intl.DateTimeFormat("en-GB", shape).formatToParts(ms);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "00";
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

const HALF_DAY_MIN = 720;

/** The moment that is nearest to another one and shows this time of day, "HH:MM", in a zone. */
export function nearest(around: number, time: string, zone: string): number {
  const minutes = (text: string): number => { const [h, m] = text.split(":").map(Number); return (h ?? 0) * 60 + (m ?? 0); };
  let by = minutes(time) - minutes(wallTime(around, zone).slice(11));
  if (by > HALF_DAY_MIN) by -= 2 * HALF_DAY_MIN;
  if (by < -HALF_DAY_MIN) by += 2 * HALF_DAY_MIN;
  return around + by * 60_000;
}
