/** Working days in transit, by the service that an order is sent with. */
export const TRANSIT_DAYS = { express: 1, standard: 4 } as const;

export type Service = keyof typeof TRANSIT_DAYS;

/** The day so many working days after another, as `YYYY-MM-DD`; Saturdays and Sundays do not count. */
export function afterWorkingDays(from: string, workingDays: number): string {
  const day = new Date(`${from}T00:00:00Z`);
  for (let left = workingDays; left > 0;) {
    day.setUTCDate(day.getUTCDate() + 1);
    if (day.getUTCDay() !== 0 && day.getUTCDay() !== 6) left -= 1;
  }
  return day.toISOString().slice(0, 10);
}
