import type { Place } from "../finding.ts";
import { readDockerfile, type Dockerfile } from "./dockerfile.ts";
import { readShell, type Shell } from "./shell.ts";
import { readYaml, type YamlText } from "./yaml-text.ts";

/** A file as it is handed in: where it stands and what it says. */
export interface InputFile {
  /** Relative or absolute, with `/`; `-` for standard input. */
  readonly path: string;
  readonly text: string;
}

/** A file that was understood, in whole or in part. */
export interface ReadFile extends Place {
  readonly text: string;
  readonly yaml?: YamlText;
  readonly dockerfile?: Dockerfile;
  readonly shell?: Shell;
  /** Why it was not looked at. */
  readonly note?: string;
}

/** What a text is, by its name first and by what it says when the name is silent (standard input). */
type Form = "yaml" | "dockerfile" | "shell" | "markdown" | "other";

const DOCKERFILE = /^(Dockerfile|Containerfile)([.-][\w.-]+)?$|\.([Dd]ockerfile|[Cc]ontainerfile)$/;
/** Files about Dockerfiles are none. */
const ABOUT = /\.(ts|js|mjs|cjs|py|go|rs|rb|java|md|txt|test|lock)$/;

/** Whether a file of this name can hold anything that is looked at. */
export function isCandidate(path: string): boolean {
  return formOf(path) !== "other" || path.endsWith(".dockerignore");
}

function formOf(path: string): Form {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name.endsWith(".dockerignore")) return "other";
  if (DOCKERFILE.test(name) && !ABOUT.test(name)) return "dockerfile";
  if (/\.(ya?ml|json|template)$/i.test(name)) return "yaml";
  if (/\.(sh|bash)$/i.test(name)) return "shell";
  return /\.(md|markdown)$/i.test(name) ? "markdown" : "other";
}

function sniffed(text: string): Form {
  if (/^#!.*\b(ba|da|z|k)?sh\b/.test(text)) return "shell";
  const first = /^\s*(?!#)(\S.*)$/m.exec(text)?.[1] ?? "";
  if (/^(FROM|ARG)\s+\S+(?!.*:\s)/i.test(first)) return "dockerfile";
  return "yaml";
}

/** Reads one file into as many parts as it has: a Markdown guide has one for each fenced block. */
export function readFile({ path, text }: InputFile): readonly ReadFile[] {
  const form = path === "-" ? sniffed(text) : formOf(path);
  return form === "markdown" ? fences(path, text) : readAs(form, path, text, 1);
}

function readAs(form: Form, file: string, text: string, line: number): readonly ReadFile[] {
  const base = { file, line, text };
  if (form === "dockerfile") return [{ ...base, dockerfile: readDockerfile(file, text, line) }];
  if (form === "shell") return [{ ...base, shell: readShell(file, text, line, "script", line === 1 ? 0 : -1) }];
  if (form !== "yaml") return [];
  // A template is no YAML before it is rendered; what `helm template` prints can be handed in.
  if (/\{\{-?\s*[^}$]/.test(text) && isHelmTemplate(file, text))
    return [{ ...base, note: "a Helm template: render it (`helm template … | slipway check-manifests -`)" }];
  return [{ ...base, yaml: readYaml(file, text, line) }];
}

/** GitHub's `${{ }}` and Prometheus' `{{ $labels }}` in quotes are YAML; Helm's blocks are not. */
function isHelmTemplate(file: string, text: string): boolean {
  const actions =
    /\{\{-?\s*(\.(Values|Release|Chart|Capabilities|Files)|include|template|if|range|with|end|define|toYaml|tpl)\b/;
  return (
    actions.test(text) &&
    (/(^|\/)templates\//.test(file) || /^\s*\{\{-?/m.test(text) || /:\s+\{\{-?\s*\.(Values|Release|Chart)/.test(text))
  );
}

const FENCE_FORMS: Readonly<Record<string, Form>> = {
  yaml: "yaml",
  yml: "yaml",
  json: "yaml",
  dockerfile: "dockerfile",
  docker: "dockerfile",
  bash: "shell",
  sh: "shell",
  shell: "shell",
  console: "shell",
};
/** Fenced blocks of one guide. */
const FENCES = 500;

function fences(file: string, text: string): readonly ReadFile[] {
  const lines = text.split("\n");
  const found: ReadFile[] = [];
  for (let index = 0; index < lines.length && found.length < FENCES; index += 1) {
    const [, indent = "", mark, language = ""] = /^(\s*)(`{3,}|~{3,})\s*([\w-]*)/.exec(lines[index] ?? "") ?? [];
    if (mark === undefined) continue;
    const first = index + 1;
    for (index += 1; index < lines.length && !(lines[index] ?? "").trim().startsWith(mark); index += 1);
    const form = FENCE_FORMS[language.toLowerCase()];
    if (form === undefined) continue;
    const block = lines.slice(first, index).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    found.push(...readAs(form, file, `${block.join("\n")}\n`, first + 1).filter((part) => worthReading(part)));
  }
  return found;
}

/** A guide's block may be a piece of a file: one that cannot be read alone is not a fault of anything that is deployed, unless it says what it is. */
function worthReading(part: ReadFile): boolean {
  if (part.yaml !== undefined && part.yaml.documents.length === 0)
    return /^(apiVersion|kind|on|jobs|services|steps|name):/m.test(part.text);
  return true;
}
