import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ClientOptions, Egress, EgressRequest } from "#egress/egress.ts";

/** A request as a service of the cloud's sees it. */
export interface CloudRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a service says: JSON, text, or a status. */
export type CloudReply = object | string | number;

/** An egress whose hosts are functions: metadata services have addresses that no test can listen on. Vendors' answers as they document them. */
export interface FakeCloud {
  readonly egress: Egress;
  readonly requests: CloudRequest[];
  readonly options: ClientOptions[];
}

/** Answers by `reply`; what it leaves undefined cannot be reached. */
export function fakeCloud(reply: (request: CloudRequest) => CloudReply | undefined): FakeCloud {
  const requests: CloudRequest[] = [];
  const options: ClientOptions[] = [];
  const answer = (url: string | URL, { method = "GET", headers = {}, body = "" }: EgressRequest) => {
    const request = { url: String(url), method, headers, body: String(body) };
    requests.push(request);
    const said = reply(request);
    if (said === undefined)
      throw new SlipwayError("egress_refused", `The outgoing request was refused: ${request.url}.`);
    const json = typeof said === "object";
    return {
      status: typeof said === "number" ? said : 200,
      headers: { "content-type": json ? "application/json; charset=UTF-8" : "text/plain" },
      body: Buffer.from(json ? JSON.stringify(said) : String(said)),
      url: request.url,
    };
  };
  return {
    requests,
    options,
    egress: {
      client(purpose, given = {}) {
        options.push(given);
        return {
          purpose,
          request: (url, request = {}) => new Promise((resolve) => resolve(answer(url, request))),
          close: () => {},
        };
      },
    },
  };
}
