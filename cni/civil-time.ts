// Milliseconds since 1970 as ISO 8601 in UTC: the engine's Date would be read and set up by every call.

const dayMs = 86_400_000;
/** The Gregorian calendar repeats after 400 years. */
const cycle = { years: 400, days: 146_097 };

/** As Date.prototype.toISOString() writes it, for the years 0 to 9999. */
export function formatTime(ms: number): string {
  const wholeDays = Math.floor(ms / dayMs);
  const cycles = Math.floor(wholeDays / cycle.days);
  let year = 1970 + cycles * cycle.years;
  let days = wholeDays - cycles * cycle.days;
  for (; days >= yearDays(year); year++) days -= yearDays(year);
  let month = 1;
  for (; days >= monthDays(year, month); month++) days -= monthDays(year, month);
  const time = Math.floor(ms - wholeDays * dayMs);
  const [hours, minutes, seconds] = [time / 3_600_000, (time / 60_000) % 60, (time / 1000) % 60].map(Math.floor);
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(days + 1, 2)}`;
  return `${date}T${digits(hours, 2)}:${digits(minutes, 2)}:${digits(seconds, 2)}.${digits(time % 1000, 3)}Z`;
}

function digits(value: number | undefined, count: number): string {
  return String(value).padStart(count, "0");
}

function yearDays(year: number): number {
  return isLeapYear(year) ? 366 : 365;
}

function monthDays(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
