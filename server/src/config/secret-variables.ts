import { SECRET_VARIABLES } from "@slipway/contracts/spec/secret-variables.ts";
import type { Environment } from "./env.ts";

const SCHEME = /^\s*(?:env:|file:|gcp-sm:|aws-sm:|azure-kv:|vault:)/;

/** Whether a value says where a secret lies, instead of being one. */
export function isReference(text: string): boolean {
  return SCHEME.test(text);
}

/** The variables that hold references, with what they say. Small and without imports: most servers start without any. */
export function referencesOf(environment: Environment): readonly (readonly [variable: string, text: string])[] {
  return SECRET_VARIABLES.flatMap((variable) => {
    const text = environment[variable];
    return text !== undefined && isReference(text) ? [[variable, text.trim()] as const] : [];
  });
}
