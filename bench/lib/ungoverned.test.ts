import { test } from "node:test";
import { ungovernedServer } from "./ungoverned.ts";

test("the server bundles without what governs it: what stands in has every name that is imported", async () => {
  await ungovernedServer();
});
