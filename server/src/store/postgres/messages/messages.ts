import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Messages } from "../../messages.ts";
import type { Database } from "../database.ts";
import { appendMessages } from "./append.ts";
import { latestMessages } from "./latest.ts";
import { listMessages } from "./list.ts";

export function createMessages(database: Database): Messages {
  return {
    async append(tenantId, threadId, messages) {
      const found = await database.asTenant(tenantId, appendMessages(tenantId, threadId, messages));
      if (found.length === 0) {
        throw new SlipwayError("thread_not_found", "There is no such thread.", {
          hint: "Start a new thread, or list those you have.",
        });
      }
    },
    list: (tenantId, threadId, page) => database.asTenant(tenantId, listMessages(tenantId, threadId, page)),
    latest: (tenantId, threadId, most) => database.asTenant(tenantId, latestMessages(tenantId, threadId, most)),
  };
}
