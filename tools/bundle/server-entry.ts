import { fileURLToPath } from "node:url";
import { nameSources } from "./traces.ts";

// The first module of the bundled server: its errors name sources from here on.

// Where the chunk is: a bundled module's own place would be that of its source.
nameSources(fileURLToPath(import.meta.resolve(".")));
await import("../../server/src/main.ts");
