import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

/** Environment variables, as the process has them or a `.env` file gives them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment, with what `.env` in the working directory adds; a variable that is set in both keeps the environment's value. */
export function readEnvironment(environment: Environment, dotenvPath: string): Environment {
  let text: string;
  try {
    text = readFileSync(dotenvPath, "utf8");
  } catch {
    return environment;
  }
  return { ...parseEnv(text), ...environment };
}
