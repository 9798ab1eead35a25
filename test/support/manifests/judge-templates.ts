import { execFile } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** What cfn-lint found: rule, where, what. */
export type Finding = readonly [rule: string, path: readonly (string | number)[], message: string];

/** What became of a stack on moto. */
export interface Deployed {
  readonly status: string;
  readonly changes: readonly (readonly [action: string, id: string])[];
  readonly made: readonly string[];
}

interface Question {
  readonly lint?: readonly string[];
  readonly sam?: readonly unknown[];
  readonly deploy?: readonly (readonly (readonly [name: string, text: string])[])[];
  readonly region: string;
}

interface Answer {
  readonly lint: readonly (readonly Finding[])[];
  readonly sam: readonly string[];
  readonly deploy: readonly (readonly Deployed[])[];
}

/** The Python that has the validators, without which the test is skipped: return at once when this is undefined. */
export function requireValidators(t: TestContext): string | undefined {
  const python = process.env["AWS_VALIDATORS_PYTHON"];
  if (python) return python;
  t.skip("requires cfn-lint, aws-sam-translator and moto: ./slipway test sets them up, or set AWS_VALIDATORS_PYTHON");
  return undefined;
}

/** Asks cfn-lint, the SAM translator and moto, in one process of a minute or two at most. */
export async function judge(python: string, question: Question): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const script = join(import.meta.dirname, "judge_templates.py");
    const options = { timeout: 180_000, maxBuffer: 2 ** 26 };
    const child = execFile(python, [script], options, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as Answer);
      else reject(new Error(`${error.message}\n${stderr.slice(-2000)}`));
    });
    child.stdin?.end(JSON.stringify(question));
  });
}
