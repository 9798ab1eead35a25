import type { Handler } from "../server.ts";

const BODY = '{"status":"ok"}';

/** `GET /health`: the process is up and its event loop turns. Says nothing of anything it depends on. */
export function createHealth(): Handler {
  return ({ res }) => {
    res.writeHead(200, {
      "content-type": "application/json",
      "content-length": BODY.length,
      "cache-control": "no-store",
    });
    res.end(BODY);
  };
}
