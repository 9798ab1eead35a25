import { join } from "node:path";
import { findProgram, isExecutable, runCommand } from "../command.ts";
import type { Service, SetUp, Setup } from "./service.ts";

/** What judges CloudFormation and SAM, as PyPI has it. The versions are part of the folder's name: another one is another folder. */
const PACKAGES = ["cfn-lint==1.51.0", "aws-sam-translator==1.110.0", "moto[cloudformation,server]==5.2.1"];
const FOLDER = ".cache/aws-validators-1";
const IMPORTS = "import boto3, cfnlint, moto, samtranslator, yaml";

const CHECK_TIMEOUT = 30_000;
const INSTALL_TIMEOUT = 5 * 60_000;

/** A Python with cfn-lint, the SAM translator and moto: one of the checkout's own, or the one that AWS_VALIDATORS_PYTHON names. */
export const awsValidators: Service = {
  requirement: "AwsValidators",
  title: "validators of AWS",
  async setUp(setup) {
    const own = join(setup.root, FOLDER, "bin/python");
    const given = process.env["AWS_VALIDATORS_PYTHON"];
    if (given) return (await works(given)) ? found(given) : missing(`${given} does not have them`);
    if (isExecutable(own) && (await works(own))) return found(own);
    const python = findProgram("python3");
    if (python === undefined) return missing("there is no python3");
    const failure = await install(python, setup);
    if (failure === undefined && (await works(own))) return found(own);
    // No network, or no venv: another version than ours judges better than none.
    return (await works(python)) ? found(python) : missing(failure ?? `${own} does not have them`);
  },
};

function found(python: string): SetUp {
  return { ok: true, environment: { AWS_VALIDATORS_PYTHON: python }, what: python };
}

function missing(why: string): SetUp {
  const remedy = `python3 -m venv ${FOLDER} && ${FOLDER}/bin/pip install ${PACKAGES.map((name) => `"${name}"`).join(" ")}, or set AWS_VALIDATORS_PYTHON`;
  return { ok: false, why, remedy };
}

async function works(python: string): Promise<boolean> {
  return (await runCommand(python, ["-c", IMPORTS], { timeout: CHECK_TIMEOUT })).code === 0;
}

/** Undefined when they are there, otherwise the end of what was said. */
async function install(python: string, { root, say }: Setup): Promise<string | undefined> {
  const folder = join(root, FOLDER);
  say("installing cfn-lint, aws-sam-translator and moto…");
  const venv = await runCommand(python, ["-m", "venv", "--clear", folder], { timeout: INSTALL_TIMEOUT });
  if (venv.code !== 0) return venv.output.trim().slice(-500);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PACKAGES];
  const { code, output } = await runCommand(join(folder, "bin/python"), pip, { timeout: INSTALL_TIMEOUT });
  return code === 0 ? undefined : output.trim().slice(-500);
}
