import { baseStack } from "../aws/base.ts";
import { type Context, contextsOf, stackFile } from "../aws/context.ts";
import { dataStack } from "../aws/data.ts";
import { refuse } from "../aws/refusals.ts";
import { attribute, type Output, type Stack, together } from "../aws/template.ts";
import type { Target } from "../target.ts";
import { balancers } from "./balancer.ts";
import { edge } from "./edge.ts";
import { monitoring } from "./monitoring.ts";
import { runbook } from "./runbook.ts";
import { serviceOf, shiftingRole } from "./services.ts";
import { ecsSizes } from "./sizes.ts";

/** ECS on Fargate behind load balancers: for each region the stacks `data` (where it is made here), `base` and `services`. */
export const ecsTarget: Target = {
  name: "ecs",
  sizes: ecsSizes,
  render({ spec }) {
    refuse(spec, "ecs");
    return contextsOf(spec, "ecs").flatMap((context) => {
      const data = dataStack(context);
      return [
        ...(data === undefined ? [] : [stackFile(context, "data", data)]),
        stackFile(context, "base", baseStack(context)),
        stackFile(context, "services", servicesStack(context)),
      ];
    });
  },
  runbook: ({ spec }) => runbook(contextsOf(spec, "ecs")),
};

function servicesStack(context: Context): Stack {
  const { services } = context.spec;
  return {
    description: "Services",
    resources: together(
      shiftingRole(context),
      balancers(context),
      ...services.map((service) => serviceOf(context, service)),
      monitoring(context),
      edge(context),
    ),
    outputs: outputs(context),
  };
}

function outputs({ spec: { services } }: Context): Readonly<Record<string, Output>> {
  const [open, inner] = [true, false].map((isPublic) =>
    services.some(({ access }) => (access.kind === "public") === isPublic),
  );
  return {
    ...(open
      ? {
          PublicAddress: {
            value: attribute("PublicBalancer", "DNSName"),
            description: "Where hosts of public services lead",
          },
        }
      : {}),
    ...(inner
      ? {
          InternalAddress: {
            value: attribute("InternalBalancer", "DNSName"),
            description: "Where callers in the network find the other services, by their ports",
          },
          CallersSecurityGroup: {
            value: attribute("CallersSecurityGroup", "GroupId"),
            description: "Security group that lets its holders call them",
          },
        }
      : {}),
  };
}
