import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Setup, Started } from "../lib/candidate.ts";
import { freePort, startChild, waitFor200 } from "../lib/child.ts";
import { pinned } from "../lib/cores.ts";

const NAME = "nginx proxy_pass";
const START_TIMEOUT_MS = 10_000;

/** One worker, keep-alive on both legs, no access log: a proxy that knows nothing of keys, limits or usage. */
function configuration(port: number, upstreamPort: number): string {
  return `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path temp/body;
  proxy_temp_path temp/proxy;
  fastcgi_temp_path temp/fastcgi;
  uwsgi_temp_path temp/uwsgi;
  scgi_temp_path temp/scgi;
  keepalive_requests 1000000000;
  upstream model {
    server 127.0.0.1:${upstreamPort};
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location = /health { return 200; }
    location / {
      proxy_pass http://model;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`;
}

/** Starts nginx from PATH, where root and others find it on Debian. */
export async function nginx(setup: Setup): Promise<Started> {
  const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin` };
  if (spawnSync("nginx", ["-v"], { env, stdio: "ignore" }).status !== 0) {
    return { name: NAME, missing: "nginx is not installed: apt-get install nginx-light" };
  }
  const folder = await mkdtemp(join(tmpdir(), "slipway-nginx-"));
  const port = await freePort();
  await mkdir(join(folder, "temp"));
  await writeFile(join(folder, "nginx.conf"), configuration(port, setup.upstreamPort));
  const child = startChild(...pinned(setup.cores, "nginx", ["-p", folder, "-c", "nginx.conf", "-e", "stderr"]), {
    env,
  });
  const stop = async () => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitFor200(`http://127.0.0.1:${port}/health`, child, START_TIMEOUT_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  const shot = { url: `http://127.0.0.1:${port}/v1/chat/completions`, headers: {}, body: setup.body };
  return { name: NAME, shot, pid: child.pid, helpers: [], stop };
}
