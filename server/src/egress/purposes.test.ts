import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { EGRESS_PURPOSES } from "./purposes.ts";

const PAGE = join(import.meta.dirname, "../../../docs/reference/egress.md");
const size = (bytes: number): string => (bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MB` : `${bytes / 1024} KB`);

test("the page of outgoing requests tells every purpose's bounds as they are", async () => {
  const page = await readFile(PAGE, "utf8");
  const told = page.split("\n").filter((line) => /^\| `\w+` \|/.test(line));
  const rows = Object.entries(EGRESS_PURPOSES).map(([purpose, limits]) => {
    const { totalMs, answerMs, maxBodyBytes, redirects, atOnce } = limits;
    return `| \`${purpose}\` | ${totalMs / 1000} s | ${answerMs / 1000} s | ${size(maxBodyBytes)} | ${redirects} | ${atOnce} |`;
  });
  assert.deepEqual(told, rows);
});
