import { buildCommand, buildRouteMap } from "@stricli/core";
import { specFlag } from "#lib/spec-flags.ts";

const check = buildCommand({
  loader: async () => {
    const { checkSpec } = await import("#local/check-spec.ts");
    return async (flags: { readonly spec: string; readonly env?: string }) => {
      process.stdout.write(await checkSpec(flags.spec, flags.env));
    };
  },
  parameters: {
    flags: {
      spec: specFlag,
      env: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "NAME",
        brief: "This environment only (default: all)",
      },
    },
  },
  docs: { brief: "Say what is wrong with a spec, with line, column and what was probably meant" },
});

const docs = buildCommand({
  loader: async () => {
    const { specReference } = await import("#spec/reference.ts");
    return () => {
      process.stdout.write(specReference());
    };
  },
  parameters: {},
  docs: { brief: "Print the reference of slipway.yaml" },
});

const schema = buildCommand({
  loader: async () => {
    const { specJsonSchema } = await import("#spec/json-schema.ts");
    return () => {
      process.stdout.write(specJsonSchema());
    };
  },
  parameters: {},
  docs: { brief: "Print the JSON Schema of slipway.yaml, for editors" },
});

/** `slipway spec` */
export const spec = buildRouteMap({
  routes: { check, docs, schema },
  docs: { brief: "Check slipway.yaml, print its reference and its JSON Schema" },
});
