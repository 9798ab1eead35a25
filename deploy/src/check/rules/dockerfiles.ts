import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import { finalStages, type Dockerfile, type Instruction, type Stage } from "../sources/dockerfile.ts";

/** Rules about Dockerfiles. */
export const DOCKERFILE_RULES: readonly Rule[] = [
  rule(
    "dockerfile",
    {
      id: "dockerfile-broken",
      severity: "error",
      what: "A line is no instruction.",
      why: "The image cannot be built.",
      fix: "Mend the line; a continued line needs a \\ at the end of the one before.",
      source: REFERENCES.dockerfile,
    },
    ({ faults, stages, file, line }, say) => {
      // The first few say where it began to go wrong.
      for (const fault of faults.slice(0, 3)) say(fault, { message: `${fault.message}.` });
      if (stages.length === 0) say({ file, line }, { message: "There is no FROM." });
    },
  ),
  rule(
    "dockerfile",
    {
      id: "dockerfile-runs-as-root",
      severity: "error",
      what: "The image runs as root.",
      why: "A fault in the program, together with one in the kernel or the engine, is root on the machine.",
      fix: "End with USER and a number that is not 0, for example USER 1000:1000.",
      source: REFERENCES.dockerPractice,
    },
    (dockerfile, say) => {
      const last = dockerfile.stages.at(-1);
      if (last === undefined || /nonroot|rootless|unprivileged/.test(finalStages(dockerfile).at(-1)?.base ?? ""))
        return;
      const user = lastOf(dockerfile, "USER");
      if (user === undefined) say(last, { message: "The image has no USER, so it runs as root." });
      else if (/^(root|0)(:|$)/.test(user.args)) say(user);
    },
  ),
  rule(
    "dockerfile",
    {
      id: "dockerfile-without-healthcheck",
      severity: "info",
      what: "The image says nothing about how its health is asked.",
      why: "Compose, ECS and Docker take a process that hangs for a healthy one; Kubernetes and Cloud Run have probes of their own.",
      fix: "Add HEALTHCHECK with a command that the image has.",
      source: REFERENCES.dockerfile,
    },
    (dockerfile, say) => {
      const last = dockerfile.stages.at(-1);
      if (last !== undefined && lastOf(dockerfile, "HEALTHCHECK") === undefined && starts(dockerfile)) say(last);
    },
  ),
  rule(
    "dockerfile",
    {
      id: "dockerfile-development-dependencies",
      severity: "warning",
      what: "Packages for development are in the image that runs.",
      why: "It is larger, starts slower, and has more in it that can be attacked.",
      fix: "Install with npm ci --omit=dev in a stage of its own and copy that one's node_modules.",
      source: REFERENCES.dockerPractice,
    },
    (dockerfile, say) => {
      const byName = new Map(dockerfile.stages.map((stage) => [stage.alias, stage]));
      for (const stage of finalStages(dockerfile))
        for (const each of stage.instructions) {
          const [, from = "", path = ""] =
            each.name === "COPY" ? (/--from=(\S+)\s+(?:--\S+\s+)*(\S+)/.exec(each.args) ?? []) : [];
          const source = from === "" ? undefined : (byName.get(from) ?? dockerfile.stages[Number(from)]);
          if (source !== undefined && bringsPackages(path, source) && installsAll(source, byName)) say(each);
          else if (
            each.name === "RUN" &&
            /\bnpm\s+(ci|install|i)(?=\s*($|&&|;|\|))|\byarn(\s+install)?(?=\s*($|&&|;))|\bpip\s+install\b.*requirements-dev/.test(
              each.args,
            ) &&
            starts(dockerfile) &&
            !prunes(stage)
          )
            say(each);
        }
    },
  ),
  rule(
    "dockerfile",
    {
      id: "dockerfile-copies-everything",
      severity: "warning",
      what: "The whole folder is copied into the image, and no .dockerignore keeps anything out.",
      why: ".git, .env and node_modules go in too, and every change throws the cache away.",
      fix: "Add a .dockerignore that names what must stay out (or all, and then what comes in).",
      source: REFERENCES.dockerContext,
    },
    (dockerfile, say, { paths }) => {
      if (hasIgnoreFile(dockerfile.file, paths)) return;
      for (const each of dockerfile.instructions)
        if (
          (each.name === "COPY" || each.name === "ADD") &&
          /^\.\/?\s/.test(each.args.replace(/^(--\S+\s+)*/, "")) &&
          !each.args.includes("--from=")
        )
          say(each);
    },
  ),
  rule(
    "dockerfile",
    {
      id: "dockerfile-shell-form-start",
      severity: "warning",
      what: "The program is started by a shell, which keeps the signals to itself.",
      why: "SIGTERM does not reach the program, so it is killed in the middle of its requests.",
      fix: 'Use the JSON form: CMD ["node", "server.js"].',
      source: REFERENCES.dockerfile,
    },
    ({ stages }, say) => {
      for (const each of stages.at(-1)?.instructions ?? [])
        if (
          (each.name === "CMD" || each.name === "ENTRYPOINT") &&
          !each.args.startsWith("[") &&
          !/^exec\s/.test(each.args)
        )
          say(each);
    },
  ),
  rule(
    "dockerfile",
    {
      id: "dockerfile-add-from-network",
      severity: "warning",
      what: "ADD fetches a file without comparing its checksum.",
      why: "Whoever controls the address decides what is in the image.",
      fix: "Use ADD --checksum=sha256:…",
      source: REFERENCES.dockerfile,
    },
    ({ instructions }, say) => {
      for (const each of instructions)
        if (each.name === "ADD" && /\bhttps?:\/\//.test(each.args) && !each.args.includes("--checksum=")) say(each);
    },
  ),
  rule(
    "dockerfile",
    {
      id: "dockerfile-install-without-lockfile",
      severity: "warning",
      what: "npm install takes whatever versions fit today.",
      why: "Two builds of one commit differ.",
      fix: "Use npm ci, with package-lock.json copied before it.",
      source: REFERENCES.dockerPractice,
    },
    ({ instructions }, say) => {
      for (const each of instructions)
        if (
          each.name === "RUN" &&
          /\bnpm\s+(install|i)\b(?!\s+(-g|--global|--location=global))(?![^&;|]*\s(-g|--global)\b)/.test(each.args)
        )
          say(each);
    },
  ),
  rule(
    "dockerfile",
    {
      id: "dockerfile-package-lists-kept",
      severity: "info",
      what: "The package lists stay in the image's layer.",
      why: "They are tens of megabytes that nothing reads again.",
      fix: "End the same RUN with rm -rf /var/lib/apt/lists/*, or mount a cache there.",
      source: REFERENCES.dockerPractice,
    },
    ({ instructions }, say) => {
      for (const each of instructions)
        if (
          each.name === "RUN" &&
          /\bapt(-get)?\s+(-\S+\s+)*install\b/.test(`${each.args} ${each.heredoc}`) &&
          !/\/var\/lib\/apt/.test(`${each.args} ${each.heredoc}`)
        )
          say(each);
    },
  ),
  rule(
    "dockerfile",
    {
      id: "dockerfile-maintainer",
      severity: "info",
      what: "MAINTAINER is deprecated.",
      why: "Nothing reads it any more.",
      fix: "Use LABEL org.opencontainers.image.authors.",
      source: REFERENCES.dockerfile,
      mends: true,
    },
    ({ instructions }, say) => {
      for (const each of instructions)
        if (each.name === "MAINTAINER")
          say(each, {
            edit: {
              start: each.start,
              end: each.end,
              text: `LABEL org.opencontainers.image.authors=${JSON.stringify(each.args.replaceAll('"', ""))}\n`,
            },
          });
    },
  ),
];

/** The last instruction of this name that holds for the image, stages that it builds on included. */
function lastOf(dockerfile: Dockerfile, name: string): Instruction | undefined {
  for (const stage of finalStages(dockerfile)) {
    const found = stage.instructions.findLast((each) => each.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether the image is meant to run something, and not to be built on. */
function starts(dockerfile: Dockerfile): boolean {
  return lastOf(dockerfile, "CMD") !== undefined || lastOf(dockerfile, "ENTRYPOINT") !== undefined;
}

function installsAll(stage: Stage, byName: ReadonlyMap<string, Stage>, depth = 0): boolean {
  const own = stage.instructions.filter(
    (each) => each.name === "RUN" && /\b(npm\s+(ci|install|i)|yarn(\s+install)?|pnpm\s+(install|i))\b/.test(each.args),
  );
  if (own.length > 0)
    return !prunes(stage) && own.some((each) => !/--omit[= ]dev|--production|--prod\b|only=prod/.test(each.args));
  const base = byName.get(stage.base);
  return base !== undefined && depth < 10 && installsAll(base, byName, depth + 1);
}

/** Whether what is copied holds the packages: their folder, or the whole folder that they were installed in. */
function bringsPackages(path: string, source: Stage): boolean {
  const workdir = source.instructions.findLast((each) => each.name === "WORKDIR")?.args.replace(/\/$/, "");
  const plain = path.replace(/\/\.?$/, "");
  return /(^|\/)node_modules$/.test(plain) || plain === "." || (workdir !== undefined && plain === workdir);
}

function prunes(stage: Stage): boolean {
  return stage.instructions.some(
    (each) =>
      each.name === "RUN" && /npm prune|pnpm prune|yarn workspaces focus.*--production|--omit[= ]dev/.test(each.args),
  );
}

/** A context is the Dockerfile's folder or one above it; the ignore file stands there or beside the Dockerfile under its name. */
function hasIgnoreFile(file: string, paths: ReadonlySet<string>): boolean {
  if (paths.has(`${file}.dockerignore`)) return true;
  for (let folder = file; folder !== "";) {
    folder = folder.includes("/") ? folder.slice(0, folder.lastIndexOf("/")) : "";
    if (paths.has(folder === "" ? ".dockerignore" : `${folder}/.dockerignore`)) return true;
  }
  return paths.has("./.dockerignore");
}
