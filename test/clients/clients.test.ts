import { DRIVERS } from "./drivers/all.ts";
import { runClients } from "./script.ts";
import { UPSTREAMS } from "./upstreams.ts";

for (const upstream of UPSTREAMS) runClients(upstream, DRIVERS);
