import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { KeptAnswers } from "#memory/kept-answers.ts";
import { encodeInputItems, withoutSeals } from "#router/dialects/openai-responses/kept.ts";
import { type App, type AppContext, type AppServices, auditOf, pathParam, principalOf } from "../../app.ts";

const SEALS = "reasoning.encrypted_content";

function notFound(id: string): SlipwayError {
  return new SlipwayError("not_found", `There is no response \`${id.slice(0, 100)}\`.`, {
    hint: "It was made with `store: false`, was deleted, has expired, or belongs to another tenant.",
  });
}

function wantsSeals(c: AppContext): boolean {
  return [...(c.req.queries("include") ?? []), ...(c.req.queries("include[]") ?? [])].includes(SEALS);
}

/** `GET` and `DELETE /v1/responses/{id}`, and the items that a kept response was an answer to. */
export function registerResponses(app: App, services: AppServices, kept: KeptAnswers): void {
  const ids = { id: "response" };
  app.get("/v1/responses/:id", { requires: "responses:read", ids }, async (c) => {
    const { tenantId } = principalOf(c);
    const id = pathParam(c, "id");
    if (c.req.query("stream") === "true") {
      throw new SlipwayError("unsupported_field", "A kept response is given whole.", {
        param: "stream",
        hint: "Leave the parameter out.",
      });
    }
    const found = await kept.get(tenantId, id);
    if (!found) throw notFound(id);
    return c.json(wantsSeals(c) ? found.answer : withoutSeals(found.answer));
  });
  app.get("/v1/responses/:id/input_items", { requires: "responses:read", ids }, async (c) => {
    const { tenantId } = principalOf(c);
    const id = pathParam(c, "id");
    const found = await kept.get(tenantId, id);
    if (!found) throw notFound(id);
    const items = encodeInputItems(found.asked, id);
    // OpenAI's lists begin with the newest unless they are asked to begin with the oldest.
    const data = c.req.query("order") === "asc" ? items : items.toReversed();
    const [first] = data;
    const last = data.at(-1);
    return c.json({
      object: "list",
      data,
      first_id: first?.["id"] ?? null,
      last_id: last?.["id"] ?? null,
      has_more: false,
    });
  });
  app.delete("/v1/responses/:id", { requires: "responses:write", ids }, async (c) => {
    const principal = principalOf(c);
    const id = pathParam(c, "id");
    if (!(await kept.delete(principal.tenantId, id))) throw notFound(id);
    auditOf(c, services, principal, "response.delete", id);
    return c.json({ id, object: "response", deleted: true });
  });
  app.post("/v1/responses/:id/cancel", { requires: "responses:write", ids }, () => {
    throw new SlipwayError(
      "unsupported_field",
      "Only responses in the background can be cancelled, and there are none here.",
      {
        hint: "Close the connection to stop an answer.",
      },
    );
  });
}
