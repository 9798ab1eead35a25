import { isNode, isPair, LineCounter, parseDocument, type Document } from "yaml";
import { z } from "zod";
import { SlipwayError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { readSimpleYaml, simpleValue } from "./simple-yaml.ts";
import { type SlipwayYaml, slipwayYamlSchema } from "./slipway-yaml.ts";

/** Where something is: keys and indexes from the top of the file down. */
export type YamlPath = readonly (string | number)[];

/** Something wrong with the file. */
export interface YamlProblem {
  readonly path: YamlPath;
  readonly message: string;
  /** What was probably meant. */
  readonly suggestion?: string;
  /** The key itself is wrong, not its value. */
  readonly ofKey?: true;
}

/** A file that was understood. */
export interface ReadYaml {
  readonly spec: SlipwayYaml;
  /** What stands in the file, without defaults. */
  readonly raw: unknown;
  /** The error that tells these problems with line and column. */
  error(problems: readonly YamlProblem[]): SlipwayError;
}

/** For zod: to compile a parser for each object of the schema takes longer than to walk the schema for one file. */
export const PARSED_ONCE = { jitless: true } as const;

const MOST_BYTES = 1024 * 1024;
const MOST_PROBLEMS = 20;

/**
 * The text of a `slipway.yaml` as checked values. Pure.
 * Throws `config_invalid` that lists what is wrong, each with line, column, path and, where one is near, what was probably meant.
 */
export function readSlipwayYaml(text: string, file: string): ReadYaml {
  if (text.length > MOST_BYTES) {
    throw new SlipwayError("config_invalid", `${file} is larger than ${MOST_BYTES} bytes.`, {
      hint: "Keep in it what it is for.",
    });
  }
  let parsed: Parsed | undefined;
  const byLibrary = (): Parsed => (parsed ??= parse(text, file));
  const error = (problems: readonly YamlProblem[]): SlipwayError => {
    const { document, lines } = byLibrary();
    return invalid(
      file,
      problems.map((problem) => describe(problem, placeOf(document, lines, file, problem))),
    );
  };
  // The library takes longer than all the rest, and what it knows besides is asked for when something is wrong.
  const simple = readSimpleYaml(text);
  const value = simple?.contents.length === 1 ? simpleValue(simple.contents[0], simple.aliases) : undefined;
  const raw = value ?? plain(byLibrary().document, file) ?? {};
  const result = slipwayYamlSchema.safeParse(raw, PARSED_ONCE);
  if (!result.success) throw error(yamlProblems(result.error.issues, (path) => byLibrary().document.getIn(path)));
  return { spec: result.data, raw, error };
}

interface Parsed {
  readonly document: Document;
  readonly lines: LineCounter;
}

function parse(text: string, file: string): Parsed {
  const lines = new LineCounter();
  // Documents of YAML 1.2: `no` and `on` are words there.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: "1.2" });
  if (document.errors.length > 0) {
    const told = document.errors.map(({ pos, message }) => `${placeAt(file, lines, pos[0])}: ${message}`);
    throw invalid(file, told);
  }
  return { document, lines };
}

function plain(document: Document, file: string): unknown {
  try {
    // Aliases may repeat a part of a file, but not blow it up.
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw invalid(file, [`${file}: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

function invalid(file: string, told: readonly string[]): SlipwayError {
  const shown = told.slice(0, MOST_PROBLEMS);
  const more = told.length > shown.length ? [`and ${told.length - shown.length} more`] : [];
  const list = [...shown, ...more].map((line) => `\n  - ${line}`).join("");
  return new SlipwayError("config_invalid", `${file} is wrong:${list}`, {
    hint: "Nothing of it was taken; correct it and save it again.",
  });
}

function describe({ path, message, suggestion }: YamlProblem, place: string): string {
  let written = "";
  for (const step of path) written += typeof step === "number" ? `[${step}]` : written === "" ? step : `.${step}`;
  const meant = suggestion === undefined ? "" : `; did you mean \`${suggestion}\`?`;
  return `${place}: ${written === "" ? "" : `\`${written}\` `}${message}${meant}`;
}

function placeAt(file: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}`;
}

/** The position of the nearest thing that is there on the way to the path. */
function placeOf(document: Document, lines: LineCounter, file: string, problem: YamlProblem): string {
  for (let length = problem.path.length; length >= 0; length -= 1) {
    const offset = offsetOf(
      document,
      problem.path.slice(0, length),
      length === problem.path.length ? problem.ofKey : undefined,
    );
    if (offset !== undefined) return placeAt(file, lines, offset);
  }
  return file;
}

function offsetOf(document: Document, path: YamlPath, ofKey: true | undefined): number | undefined {
  if (ofKey) {
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const items: readonly unknown[] = isNode(parent) && "items" in parent ? parent.items : [];
    for (const item of items) {
      if (!isPair(item) || !isNode(item.key) || String(item.key) !== String(path.at(-1))) continue;
      return item.key.range?.[0];
    }
  }
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}

/** What the schema of `slipway.yaml` found wrong, with what was probably meant; `written` tells what stands at a path. */
export function yamlProblems(
  issues: readonly z.core.$ZodIssue[],
  written: (path: YamlPath) => unknown,
): readonly YamlProblem[] {
  return issues.flatMap((issue) => problemsOf(issue, written));
}

function problemsOf(issue: z.core.$ZodIssue, written: (path: YamlPath) => unknown): readonly YamlProblem[] {
  const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  if (issue.code === "unrecognized_keys") {
    const fields = fieldsAt(slipwayYamlSchema, path);
    return issue.keys.map((key) => {
      const suggestion = nearest(key, fields);
      const known = suggestion === undefined && fields.length > 0 ? ` (known: ${fields.join(", ")})` : "";
      return { path: [...path, key], message: `is no field here${known}`, ofKey: true, ...meant(suggestion) };
    });
  }
  if (issue.code === "invalid_value") {
    const values = issue.values.map(String);
    const value = written(path);
    const suggestion = typeof value === "string" ? nearest(value, values) : undefined;
    return [{ path, message: `must be one of ${values.join(", ")}`, ...meant(suggestion) }];
  }
  if (issue.code === "invalid_key")
    return [{ path, message: issue.issues[0]?.message ?? "is no name that may stand here", ofKey: true }];
  return [{ path, message: /^(must|may)\b/.test(issue.message) ? issue.message : `is wrong: ${issue.message}` }];
}

function meant(suggestion: string | undefined): { readonly suggestion?: string } {
  return suggestion === undefined ? {} : { suggestion };
}

/** The fields of the object that the path leads to. */
function fieldsAt(schema: z.core.$ZodType, path: YamlPath): readonly string[] {
  let at: z.core.$ZodType | undefined = schema;
  for (const step of [...path, undefined]) {
    while (
      at instanceof z.ZodDefault ||
      at instanceof z.ZodPrefault ||
      at instanceof z.ZodOptional ||
      at instanceof z.ZodNullable
    )
      at = at.unwrap();
    if (step === undefined) break;
    if (typeof step === "number") at = at instanceof z.ZodArray ? at.element : undefined;
    else if (at instanceof z.ZodRecord) at = at.valueType;
    else at = at instanceof z.ZodObject ? fieldOf(at.shape, step) : undefined;
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function fieldOf(shape: z.core.$ZodLooseShape, name: string): z.core.$ZodType | undefined {
  const fields: Readonly<Record<string, z.core.$ZodType>> = shape;
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
