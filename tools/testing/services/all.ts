import { awsValidators } from "./aws-validators.ts";
import { chromium } from "./chromium.ts";
import { docker } from "./docker.ts";
import { actionlint } from "./actionlint.ts";
import { dockerCompose, dockerRegistry, haproxy, jq, promtool, shellcheck } from "./debian-program.ts";
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";
import type { Service } from "./service.ts";

/** Everything outside of the checkout that tests talk to. */
export const SERVICES: readonly Service[] = [
  postgres,
  redis,
  chromium,
  docker,
  haproxy,
  promtool,
  dockerCompose,
  shellcheck,
  jq,
  dockerRegistry,
  actionlint,
  awsValidators,
];
