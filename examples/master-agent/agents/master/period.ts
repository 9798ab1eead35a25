/** A stretch of days, both ends included, as YYYY-MM-DD. */
export interface Period {
  readonly from: string;
  readonly to: string;
  readonly days: number;
}

const DAY_MS = 86_400_000;
const FORM = /^(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])|W(0[1-9]|[1-4]\d|5[0-3])))?$/;

/** A year, a quarter, a month or an ISO week: `2026`, `2026-Q3`, `2026-07`, `2026-W28`. Undefined for a week that the year does not have. */
export function periodOf(name: string): Period | undefined {
  const [, year = "", month, quarter, week] = FORM.exec(name) ?? [];
  if (year === "") return undefined;
  if (week !== undefined) return weekOf(Number(year), Number(week));
  const first = month !== undefined ? Number(month) - 1 : quarter !== undefined ? 3 * (Number(quarter) - 1) : 0;
  const months = month !== undefined ? 1 : quarter !== undefined ? 3 : 12;
  return between(Date.UTC(Number(year), first, 1), Date.UTC(Number(year), first + months, 1));
}

/** The same stretch a year before, by name. */
export function yearBefore(name: string): string {
  return name.replace(/^\d{4}/, (year) => String(Number(year) - 1).padStart(4, "0"));
}

/** Weeks begin on Monday, and the first one is that of 4 January (ISO 8601). */
function weekOf(year: number, week: number): Period | undefined {
  const fourth = Date.UTC(year, 0, 4);
  const monday = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY_MS + (week - 1) * 7 * DAY_MS;
  // A week is of the year that its Thursday is in.
  if (new Date(monday + 3 * DAY_MS).getUTCFullYear() !== year) return undefined;
  return between(monday, monday + 7 * DAY_MS);
}

function between(start: number, end: number): Period {
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
  return { from: day(start), to: day(end - DAY_MS), days: Math.round((end - start) / DAY_MS) };
}
