import { SlipwayError } from "@slipway/contracts/errors.ts";
import { isId } from "#lib/ids.ts";

/** Which page of a list is wanted. */
export interface PageRequest {
  /** Things on the page, 1 to 200. */
  readonly limit: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string;
}

const MAX_PAGE = 200;

/** The page as the store is asked for it, with one more than wanted to know whether another page follows. Throws `invalid_request`. */
export function checkedPage(page: PageRequest, prefix: string): { limit: number; cursor?: string } {
  if (!Number.isInteger(page.limit) || page.limit < 1 || page.limit > MAX_PAGE) {
    throw new SlipwayError("invalid_request", `\`limit\` must be a whole number from 1 to ${MAX_PAGE}.`, {
      param: "limit",
    });
  }
  if (page.cursor === undefined) return { limit: page.limit + 1 };
  if (!isId(prefix, page.cursor)) {
    throw new SlipwayError("invalid_request", "`cursor` is not one that this list gave out.", {
      param: "cursor",
      hint: "Send `nextCursor` of the page before as it came.",
    });
  }
  return { limit: page.limit + 1, cursor: page.cursor };
}

/** The page without the one that was read beyond it, and where the next begins. */
export function cutPage<Item extends { readonly id: string }>(
  items: readonly Item[],
  limit: number,
): { readonly items: readonly Item[]; readonly nextCursor: string | null } {
  const page = items.slice(0, limit);
  return { items: page, nextCursor: items.length > limit ? (page.at(-1)?.id ?? null) : null };
}
