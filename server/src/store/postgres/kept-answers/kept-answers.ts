import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { KeptAnswers } from "../../kept-answers.ts";
import type { Database } from "../database.ts";
import { violates } from "../errors.ts";
import { keptAnswerChain } from "./chain.ts";
import { deleteKeptAnswer } from "./delete.ts";
import { getKeptAnswer } from "./get.ts";
import { putKeptAnswer } from "./put.ts";
import { keptAnswersWithItems } from "./with-items.ts";

export function createKeptAnswers(database: Database): KeptAnswers {
  return {
    async put(tenantId, answer) {
      try {
        await database.asTenant(tenantId, putKeptAnswer(tenantId, answer));
      } catch (error) {
        if (!violates(error, "unique")) throw error;
        throw new SlipwayError("conflict", "There is an answer with this id already.", { cause: error });
      }
    },
    async get(tenantId, id) {
      const [answer] = await database.asTenant(tenantId, getKeptAnswer(tenantId, id));
      return answer;
    },
    chain: (tenantId, id, most) => database.asTenant(tenantId, keptAnswerChain(tenantId, id, most)),
    withItems: (tenantId, itemIds, most) => database.asTenant(tenantId, keptAnswersWithItems(tenantId, itemIds, most)),
    async delete(tenantId, id) {
      const deleted = await database.asTenant(tenantId, deleteKeptAnswer(tenantId, id));
      return deleted.length > 0;
    },
  };
}
