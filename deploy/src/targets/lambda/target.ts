import { baseStack } from "../aws/base.ts";
import { type Context, contextsOf, stackFile } from "../aws/context.ts";
import { dataStack } from "../aws/data.ts";
import { refuse } from "../aws/refusals.ts";
import { logical, type Output, sub, type Stack, together } from "../aws/template.ts";
import type { Target } from "../target.ts";
import { apiOf } from "./api.ts";
import { functionOf, shifting } from "./function.ts";
import { monitoring } from "./monitoring.ts";
import { runbook } from "./runbook.ts";

/** Lambda behind API Gateway by SAM: for each region the stacks `data` (where it is made here), `base` and `services`. */
export const lambdaTarget: Target = {
  name: "lambda",
  render({ spec }) {
    refuse(spec, "lambda");
    return contextsOf(spec, "lambda").flatMap((context) => {
      const data = dataStack(context);
      return [
        ...(data === undefined ? [] : [stackFile(context, "data", data)]),
        stackFile(context, "base", baseStack(context)),
        stackFile(context, "services", servicesStack(context)),
      ];
    });
  },
  runbook: ({ spec }) => runbook(contextsOf(spec, "lambda")),
};

function servicesStack(context: Context): Stack {
  const { services } = context.spec;
  return {
    description: "Services",
    top: { Transform: "AWS::Serverless-2016-10-31" },
    resources: together(
      shifting(context),
      ...services.flatMap((service) => [functionOf(context, service), apiOf(context, service)]),
      monitoring(context),
    ),
    outputs: Object.fromEntries(
      services.map(({ name, access }): [string, Output] => [
        `${logical(name)}Address`,
        {
          value:
            access.hosts[0] === undefined
              ? sub(
                  `https://\${${logical(name)}Api}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}${context.aws.streaming ? "/live" : ""}`,
                )
              : `https://${access.hosts[0]}`,
          description: `Address of ${name}`,
        },
      ]),
    ),
  };
}
