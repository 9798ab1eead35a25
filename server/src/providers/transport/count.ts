import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { Codec, CountingCodec } from "../codec.ts";
import type { CallContext } from "../provider.ts";
import { requestPage } from "./page.ts";
import type { Upstream } from "./settings.ts";

/** What a server answers that has no such path. */
const NO_SUCH_PATH: ReadonlySet<number> = new Set([404, 405, 501]);

/** The vendor's count, or undefined where what stands behind the vendor's format does not count: gateways leave the path out. */
export async function countAtVendor(
  upstream: Upstream,
  counting: CountingCodec,
  request: ModelRequest,
  { deadline, traceparent }: CallContext,
  signal: AbortSignal,
): Promise<number | undefined> {
  let offered = true;
  const codec: Codec = {
    ...upstream.codec,
    decodeError(status, headers, body) {
      const error = upstream.codec.decodeError(status, headers, body);
      offered = !NO_SUCH_PATH.has(status) || error.code === "model_not_found";
      return error;
    },
  };
  try {
    const encoded = counting.encode(request);
    return counting.decode(await requestPage({ ...upstream, codec }, encoded, deadline, { traceparent, signal }));
  } catch (error) {
    if (!offered) return undefined;
    throw error;
  }
}
