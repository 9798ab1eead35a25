import { SlipwayError } from "@slipway/contracts/errors.ts";

const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

/**
 * Cron's five fields as EventBridge writes them: six, days of the week counted from 1 (so by name here), and one of the two kinds of
 * days left open (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html). Throws `spec_incomplete` for
 * what it cannot say.
 */
export function awsSchedule(cron: string): string {
  const [minute = "*", hour = "*", day = "*", month = "*", weekday = "*"] = cron.split(" ");
  if (day !== "*" && weekday !== "*")
    throw new SlipwayError(
      "spec_incomplete",
      `EventBridge cannot say \`${cron}\`: days of the month and of the week.`,
      {
        hint: "Write * for one of the two in `data.postgres.backups.schedule`.",
      },
    );
  const named = weekday.replace(/(?<![/\d])[0-7](?!\d)/g, (digit) => DAYS[Number(digit)] ?? digit);
  return `cron(${minute} ${hour} ${weekday === "*" ? day : "?"} ${month} ${weekday === "*" ? "?" : named} *)`;
}
