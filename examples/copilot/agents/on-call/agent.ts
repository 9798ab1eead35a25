import { defineAgent, defineTool, z } from "slipway/agent";
import rota from "./rota.json" with { type: "json" };

const DAY_MS = 86_400_000;
const swaps: Readonly<Record<string, string>> = rota.swaps;

/** Who is on call on a day (YYYY-MM-DD): a swap goes before the rota, which begins again with the first person after the last. */
function onCall(day: string): string {
  const swapped = Object.hasOwn(swaps, day) ? swaps[day] : undefined;
  const shift = Math.floor((Date.parse(day) - Date.parse(rota.begins)) / DAY_MS / rota.shiftDays);
  const count = rota.people.length;
  return swapped ?? rota.people[((shift % count) + count) % count] ?? "nobody";
}

const whoIsOnCall = defineTool({
  description: "Says who is on call on a day, and who the day after.",
  input: z.object({ day: z.iso.date().describe("YYYY-MM-DD") }),
  run({ day }) {
    const next = new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
    return { day, onCall: onCall(day), next: { day: next, onCall: onCall(next) } };
  },
});

export default defineAgent({
  name: "on-call",
  description: "Says who is on call.",
  instructions: `You say who is on call. Ask for the day if none is given, look it up, and answer in one sentence; name the next person when the shift changes.`,
  tools: { who_is_on_call: whoIsOnCall },
  limits: { maxSteps: 4, timeoutSeconds: 60 },
});
