import { createWriteStream } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { AuditKeyAnswer } from "@slipway/contracts/api/audit.ts";
import { type ApiFlags, askApi } from "#lib/api-client.ts";

/** Writes the audit log of the key's tenant to a file, and the log's public key beside it. Throws what {@link askApi} throws. */
export async function exportAudit(flags: ApiFlags & { readonly output: string }): Promise<void> {
  const { verifierKey } = (await (await askApi(flags, "/api/v1/audit-key")).json()) as AuditKeyAnswer;
  const answer = await askApi(flags, "/api/v1/audit-records/export", undefined);
  // Under its name only when it is whole.
  const draft = `${flags.output}.part`;
  if (answer.body) await pipeline(Readable.fromWeb(answer.body), createWriteStream(draft, { mode: 0o600 }));
  else await writeFile(draft, "", { mode: 0o600 });
  await rename(draft, flags.output);
  await writeFile(`${flags.output}.pub`, `${verifierKey}\n`);
  process.stdout.write(
    `${flags.output}\n${flags.output}.pub\nVerify it: ./slipway audit verify ${flags.output} --public-key ${flags.output}.pub\n`,
  );
}
