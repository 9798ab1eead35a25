import { header, yamlText } from "#render/yaml.ts";
import type { Target } from "../target.ts";
import { assertPossible } from "./possible.ts";
import { runbook } from "./runbook.ts";
import { dockerfile, railwayJson } from "./service-files.ts";
import { setupScript } from "./setup-script.ts";

/** Railway: for each service a folder that `railway up` takes, and a script that sets the project up and asks for secrets. */
export const railwayTarget: Target = {
  name: "railway",
  render({ spec }) {
    assertPossible(spec);
    const head = header(spec, "railway");
    return [
      ...spec.services.flatMap((service, index) => [
        { path: `${service.name}/railway.json`, text: railwayJson(spec, service, index === 0) },
        { path: `${service.name}/Dockerfile`, text: dockerfile(spec) },
        { path: `${service.name}/slipway.yaml`, text: yamlText(head, spec.server) },
      ]),
      { path: "setup.sh", text: setupScript(spec) },
    ];
  },
  runbook: ({ spec }) => runbook(spec),
};
