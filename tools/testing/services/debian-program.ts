import { aptLine, canInstall, installPackages } from "../apt.ts";
import { findProgram } from "../command.ts";
import type { Requirement } from "../test-files.ts";
import type { Service } from "./service.ts";

interface Program {
  readonly requirement: Requirement;
  readonly name: string;
  readonly debianPackage: string;
  /** The variable that tests read its path from. */
  readonly variable: string;
}

/** A program that tests run: the one that is there, or Debian's. */
function debianProgram({ requirement, name, debianPackage, variable }: Program): Service {
  return {
    requirement,
    title: name,
    async setUp({ say }) {
      const remedy = `${aptLine([debianPackage])}, or set ${variable}`;
      let path = process.env[variable] || findProgram(name);
      if (path === undefined && canInstall()) {
        const failure = await installPackages([debianPackage], say);
        if (failure !== undefined) return { ok: false, why: `apt-get could not install it: ${failure}`, remedy };
        path = findProgram(name);
      }
      if (path === undefined) return { ok: false, why: `there is no ${name}`, remedy };
      return { ok: true, environment: { [variable]: path }, what: path };
    },
  };
}

/** Judges its own configuration files (`haproxy -c`). */
export const haproxy = debianProgram({
  requirement: "HAProxy",
  name: "haproxy",
  debianPackage: "haproxy",
  variable: "HAPROXY_PATH",
});

/** Judges alert rules and their expressions (`promtool check rules`). */
export const promtool = debianProgram({
  requirement: "Promtool",
  name: "promtool",
  debianPackage: "prometheus",
  variable: "PROMTOOL_PATH",
});

/** Judges Compose files (`docker-compose config`), which needs no engine. */
export const dockerCompose = debianProgram({
  requirement: "DockerCompose",
  name: "docker-compose",
  debianPackage: "docker-compose",
  variable: "DOCKER_COMPOSE_PATH",
});

/** Judges shell scripts. */
export const shellcheck = debianProgram({
  requirement: "Shellcheck",
  name: "shellcheck",
  debianPackage: "shellcheck",
  variable: "SHELLCHECK_PATH",
});
