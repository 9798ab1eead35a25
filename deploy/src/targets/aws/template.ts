import { SlipwayError } from "@slipway/contracts/errors.ts";

/** A map of a template. */
export type Values = Readonly<Record<string, unknown>>;

/** A resource of CloudFormation. */
export interface Resource {
  readonly Type: string;
  readonly Properties?: Values;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: "Retain" | "Snapshot";
  readonly UpdateReplacePolicy?: "Retain" | "Snapshot";
  readonly Metadata?: Values;
}

/** Resources by their logical ids. */
export type Resources = Readonly<Record<string, Resource>>;

/** What one stack tells others: the value and what it is. */
export interface Output {
  readonly value: unknown;
  readonly description: string;
}

/** A stack: resources that are made, changed and taken away together. */
export interface Stack {
  readonly description: string;
  readonly resources: Resources;
  readonly outputs: Readonly<Record<string, Output>>;
  /** What else stands at the top, `Transform` for example. */
  readonly top?: Values;
}

/** `!Ref`. */
export function ref(id: string): Values {
  return { Ref: id };
}

/** `!GetAtt`. */
export function attribute(id: string, name: string): Values {
  return { "Fn::GetAtt": [id, name] };
}

/** `!Sub`: `${AWS::Region}` and the like are filled in by CloudFormation. */
export function sub(text: string): Values {
  return { "Fn::Sub": text };
}

/** Resources of several places as those of one stack. Two of one id would be one lost: throws `internal`. */
export function together(...parts: readonly Resources[]): Resources {
  const all = parts.flatMap((part) => Object.entries(part));
  const seen = new Set<string>();
  for (const [id] of all) {
    if (seen.has(id)) throw new SlipwayError("internal", `Two resources of one stack are called ${id}.`);
    seen.add(id);
  }
  return Object.fromEntries(all);
}

/** A logical id of a name: `agent-router` → `AgentRouter`, `agent-2` → `AgentN2`, which `agent2` is not. */
export function logical(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase()).replaceAll("-", "N");
}

/** A part of a logical id that is another one for every text, so that no resource takes another one's place when a list changes. */
export function identifier(text: string): string {
  return text.replace(/[^a-z0-9]/g, (letter) => `X${letter.charCodeAt(0).toString(16)}`);
}
