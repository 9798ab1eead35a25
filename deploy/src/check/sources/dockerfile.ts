import type { Place } from "../finding.ts";
import { Lines } from "./lines.ts";

/** One instruction, its continuation lines joined and its comments left out. */
export interface Instruction extends Place {
  /** In capitals. */
  readonly name: string;
  /** What follows the name, flags included. */
  readonly args: string;
  /** The text of its here-documents. */
  readonly heredoc: string;
  readonly start: number;
  readonly end: number;
}

/** From one FROM to the next. */
export interface Stage extends Place {
  /** The image or the stage that it begins with, variables filled in as far as they are known. */
  readonly base: string;
  readonly alias: string;
  readonly instructions: readonly Instruction[];
}

/** A Dockerfile. */
export interface Dockerfile extends Place {
  readonly instructions: readonly Instruction[];
  readonly stages: readonly Stage[];
  /** Lines that are no instruction. */
  readonly faults: readonly (Place & { readonly message: string })[];
}

const NAMES = new Set(
  "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split(
    " ",
  ),
);

/** Reads a Dockerfile: continuation lines, the escape directive, here-documents, stages and build arguments. */
export function readDockerfile(file: string, text: string, firstLine = 1): Dockerfile {
  const lines = new Lines(text, firstLine);
  const raw = text.split("\n");
  const escape = /^\s*#\s*escape\s*=\s*`/im.test(raw.slice(0, 5).join("\n")) ? "`" : "\\";
  const instructions: Instruction[] = [];
  const faults: (Place & { message: string })[] = [];
  for (let index = 0; index < raw.length; index += 1) {
    const line = raw[index] ?? "";
    if (/^\s*(#|$)/.test(line)) continue;
    const first = index;
    const parts: string[] = [];
    for (; index < raw.length; index += 1) {
      const part = (raw[index] ?? "").trimEnd();
      // A comment or an empty line between continuation lines is no end of the instruction.
      if (parts.length > 0 && /^\s*(#|$)/.test(part)) continue;
      const more = part.endsWith(escape);
      parts.push(more ? part.slice(0, -1) : part);
      if (!more) break;
    }
    const [, name = "", args = ""] = /^\s*([A-Za-z]+)\s*([\s\S]*)$/.exec(parts.join(" ")) ?? [];
    const bodies: string[] = [];
    if (/^(run|copy|add)$/i.test(name)) {
      for (const [, dash, word] of args.matchAll(/<<(-?)["']?([A-Za-z_]\w*)["']?/g)) {
        for (index += 1; index < raw.length; index += 1) {
          const body = raw[index] ?? "";
          if ((dash === "-" ? body.trimStart() : body).trimEnd() === word) break;
          bodies.push(body);
        }
      }
    }
    const place = { file, line: first + firstLine };
    if (!NAMES.has(name.toUpperCase())) {
      faults.push({ ...place, message: `"${line.trim().slice(0, 60)}" is no instruction of a Dockerfile` });
      continue;
    }
    const [start, end] = [
      lines.span(first + firstLine).start,
      lines.span(Math.min(index, raw.length - 1) + firstLine).end,
    ];
    instructions.push({
      ...place,
      name: name.toUpperCase(),
      args: args.trim(),
      heredoc: bodies.join("\n"),
      start,
      end,
    });
  }
  return { file, line: instructions[0]?.line ?? firstLine, instructions, stages: stagesOf(instructions), faults };
}

function stagesOf(instructions: readonly Instruction[]): Stage[] {
  const known = new Map<string, string>();
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const instruction of instructions) {
    if (instruction.name === "FROM") {
      const [image = "", as = "", alias = ""] = instruction.args.replace(/^(--\S+\s+)*/, "").split(/\s+/);
      const base = filledIn(image, known);
      stages.push({ ...instruction, base, alias: as.toLowerCase() === "as" ? alias : "", instructions: [] });
    } else if (stages.length === 0 && instruction.name === "ARG") {
      const [, name = "", value = ""] = /^(\w+)(?:=(\S*))?/.exec(instruction.args) ?? [];
      known.set(name, value.replace(/^["']|["']$/g, ""));
    } else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** The text with `$NAME`, `${NAME}` and `${NAME:-default}` replaced where they are known. */
function filledIn(text: string, known: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)/g,
    (whole, braced?: string, fallback?: string, bare?: string) => {
      const value = known.get(braced ?? bare ?? "");
      return value === undefined || value === "" ? (fallback ?? whole) : value;
    },
  );
}

/** The stages that end up in the image: the last one and those it is built from, the last first. */
export function finalStages(dockerfile: Dockerfile): readonly Stage[] {
  const byName = new Map(dockerfile.stages.map((stage) => [stage.alias.toLowerCase(), stage]));
  const found: Stage[] = [];
  for (let stage = dockerfile.stages.at(-1); stage !== undefined && !found.includes(stage);) {
    found.push(stage);
    const next = byName.get(stage.base.toLowerCase());
    stage = next !== undefined && next.line < stage.line ? next : undefined;
  }
  return found;
}
