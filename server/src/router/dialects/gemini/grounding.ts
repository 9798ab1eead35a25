import type { Citation } from "@slipway/contracts/model/request.ts";

interface Support {
  readonly startIndex: number;
  readonly endIndex: number;
  readonly chunk: number;
}

function bytesBefore(text: string, index: number): number {
  return Buffer.byteLength(text.slice(0, index), "utf8");
}

/**
 * Sources that a provider of another family cited, as `groundingMetadata`. Spans are counted in bytes of the answer's whole text,
 * as Google's documentation reads them (https://ai.google.dev/gemini-api/docs/google-search#attributing_sources_with_inline_citations).
 */
export class Grounding {
  readonly #chunks: { readonly web: { readonly uri?: string; readonly title?: string } }[] = [];
  readonly #places = new Map<string, number>();
  readonly #supports: Support[] = [];

  /** `offset` is where the text part that the citation counts from begins in the whole text. */
  add({ url, title, startIndex, endIndex }: Citation, offset: number): void {
    const key = `${url ?? ""}\n${title ?? ""}`;
    let chunk = this.#places.get(key);
    if (chunk === undefined) {
      chunk = this.#chunks.length;
      this.#places.set(key, chunk);
      this.#chunks.push({
        web: { ...(url === undefined ? {} : { uri: url }), ...(title === undefined ? {} : { title }) },
      });
    }
    if (startIndex === undefined || endIndex === undefined) return;
    this.#supports.push({ startIndex: offset + startIndex, endIndex: offset + endIndex, chunk });
  }

  /** Undefined when nothing was cited. */
  metadata(text: string): unknown {
    if (this.#chunks.length === 0) return undefined;
    const groundingSupports = this.#supports.map(({ startIndex, endIndex, chunk }) => ({
      segment: {
        startIndex: bytesBefore(text, startIndex),
        endIndex: bytesBefore(text, endIndex),
        text: text.slice(startIndex, endIndex),
      },
      groundingChunkIndices: [chunk],
    }));
    return { groundingChunks: this.#chunks, groundingSupports };
  }
}
