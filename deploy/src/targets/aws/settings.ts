import { settingsOf } from "#render/settings.ts";
import { yamlText } from "#render/yaml.ts";
import type { Service } from "#spec/spec.ts";
import { type Context } from "./context.ts";
import { tableName } from "./iam.ts";

/**
 * The settings of a service, secrets aside. No file can be put beside a task or a function, so the server's sections of
 * the file come as text.
 */
export function awsSettings(context: Context, service: Service): Readonly<Record<string, string>> {
  const { SLIPWAY_CONFIG: _file, ...settings } = settingsOf(context.spec, service);
  const tables = Object.keys(context.spec.data.tables ?? {}).map((name): [string, string] => [
    `TABLE_${name.toUpperCase().replaceAll("-", "_")}`,
    tableName(context, name),
  ]);
  const { spec } = context;
  const replicas = service.scale.max * spec.environment.regions.length;
  const all: Readonly<Record<string, string>> = {
    ...Object.fromEntries(tables),
    SLIPWAY_CONFIG_TEXT: yamlText("", context.spec.server),
    ...settings,
    // Those of all regions keep their limits together; what the file says itself wins.
    REPLICAS: service.env["REPLICAS"] ?? spec.env["REPLICAS"] ?? String(replicas),
  };
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}
