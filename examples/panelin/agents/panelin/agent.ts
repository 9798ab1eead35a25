import { defineAgent, defineTool, z } from "slipway/agent";
import panels from "./panels.json" with { type: "json" };
import { quote } from "./quote.ts";

const code = z
  .string()
  .toUpperCase()
  .regex(/^(ROOF|WALL)-\d{2,3}$/, "a code such as ROOF-50")
  .describe("The panel's code: ROOF or WALL, a hyphen and the thickness in millimetres.");

const unknown = (wanted: string) =>
  `There is no panel ${wanted}. There are: ${panels.map((panel) => panel.code).join(", ")}.`;

const findPanel = (wanted: string) => panels.find((panel) => panel.code === wanted);

const lookUpPanel = defineTool({
  description: "Looks a panel up by its code: use, core, thickness, width that it covers, span and price.",
  input: z.object({ code }),
  run: ({ code: wanted }) => findPanel(wanted) ?? unknown(wanted),
});

const quoteSurface = defineTool({
  description:
    "Works out panels, supports and price for a rectangular roof or wall. Panels lie along the length. Ask for both measures first.",
  input: z.object({
    code,
    lengthM: z.number().min(0.5).max(14).describe("Metres along the panels; one panel is 14 m at most."),
    widthM: z.number().min(0.5).max(500).describe("Metres across the panels."),
  }),
  run({ code: wanted, lengthM, widthM }) {
    const panel = findPanel(wanted);
    return panel === undefined ? unknown(wanted) : quote(panel, lengthM, widthM);
  },
});

export default defineAgent({
  name: "panelin",
  description: "Advises on insulated panels for roofs and walls, and works out what a surface takes.",
  instructions: `You advise customers on insulated panels for roofs and walls.

- Look a panel up before you say anything about it, and work a surface out with the tool: never in your head.
- If the customer gives no code, ask for use (roof or wall) and the distance between supports, and name the thinnest panel whose span is enough.
- Prices are in US dollars without taxes and freight; say so whenever you name one.
- Answer in two or three sentences, without the names of tools.`,
  tools: { look_up_panel: lookUpPanel, quote_surface: quoteSurface },
  limits: { maxSteps: 6, timeoutSeconds: 120 },
});
