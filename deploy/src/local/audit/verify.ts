import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseVerifierKey } from "@slipway/contracts/audit/checkpoint.ts";
import { ExportVerifier } from "@slipway/contracts/audit/export.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { AUDIT_CRYPTO } from "#lib/audit-crypto.ts";
import { EXIT } from "#lib/command-line.ts";

/** What a verification is told. */
interface VerifyFlags {
  readonly publicKey: string;
  readonly checkpoint?: readonly string[];
}

/** The text itself, or what the file of that name holds. */
function textOrFile(value: string): string {
  return existsSync(value) ? readFileSync(value, "utf8") : value;
}

/** Verifies an export and prints what was found; the exit code is 1 when a record is wrong. Throws `usage`. */
export async function verifyAudit(flags: VerifyFlags, file: string): Promise<void> {
  const key = parseVerifierKey(AUDIT_CRYPTO.sha256, textOrFile(flags.publicKey));
  if (!key) {
    throw new SlipwayError("usage", "The public key is none of a signed log.", {
      hint: "It looks like <name>+<8 hex digits>+<base64>; slipway audit export writes it beside the export.",
    });
  }
  if (!existsSync(file)) throw new SlipwayError("usage", `There is no file ${file}.`);
  const known = (flags.checkpoint ?? []).map((path) => readFileSync(path, "utf8"));
  const verifier = new ExportVerifier(AUDIT_CRYPTO, key, known);
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (!verifier.line(line)) break;
  }
  const found = verifier.end();
  if ("message" in found) {
    process.stdout.write(`WRONG at record ${found.seq}: ${found.message}\n`);
    process.exitCode = EXIT.failed;
    return;
  }
  const { tenantId, first, last, checkpoints } = found;
  process.stdout.write(
    `ok: tenant ${tenantId}, records ${first} to ${last}, ${checkpoints} checkpoints signed by ${key.name}\n`,
  );
}
