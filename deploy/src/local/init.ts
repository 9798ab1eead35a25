import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { writing } from "./cannot-write.ts";
import { type Answers, scaffold } from "#spec/scaffold.ts";

/** What the command line says. */
export interface InitFlags {
  readonly out: string;
  readonly name?: string;
  readonly target?: string;
  readonly provider?: string;
  readonly host?: string;
  readonly image?: string;
  readonly yes: boolean;
  readonly force: boolean;
}

const TARGETS = ["kubernetes", "compose"] as const;
const PROVIDERS = ["gke", "eks", "aks", "generic"] as const;

/** Asks for what no flag says, unless it must not or nobody is there to answer, and writes the file. Throws `usage`, `conflict` or `config_invalid`. */
export async function runInit(flags: InitFlags): Promise<void> {
  const asks = !flags.yes && process.stdin.isTTY && process.stdout.isTTY;
  const answers = asks ? await ask(flags) : fromFlags(flags);
  const text = scaffold(answers);
  const work = writeFile(flags.out, text, { flag: flags.force ? "w" : "wx" }).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new SlipwayError("conflict", `${flags.out} is there already.`, {
      hint: "--force replaces it, --out names another file.",
    });
  });
  await writing(flags.out, work);
  process.stdout.write(
    `${flags.out} is written. Next: slipway spec check, then slipway render --env development --out out\n`,
  );
}

function fromFlags({ name, target, provider, host, image }: InitFlags): Answers {
  const system =
    name ??
    (basename(process.cwd())
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, "-")
      .replace(/^[^a-z]+|-+$/g, "") ||
      "agents");
  return {
    name: system,
    target: oneOf("--target", target ?? "kubernetes", TARGETS),
    provider: oneOf("--provider", provider ?? "generic", PROVIDERS),
    host,
    image: image ?? `registry.example/${system}/slipway`,
  };
}

function oneOf<Name extends string>(flag: string, text: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw new SlipwayError("usage", `${flag} is ${text}.`, { hint: `It may be ${names.join(", ")}.` });
}

async function ask(flags: InitFlags): Promise<Answers> {
  const { cancel, isCancel, select, text } = await import("@clack/prompts");
  const guess = fromFlags(flags);
  async function answered<Answer>(question: Promise<Answer | symbol>): Promise<Answer> {
    const answer = await question;
    if (!isCancel(answer)) return answer as Answer;
    cancel("Nothing was written.");
    throw new SlipwayError("usage", "The questions were not answered.", { hint: "With --yes nothing is asked." });
  }
  const choose = <Name extends string>(message: string, initialValue: Name, names: readonly Name[]): Promise<Name> =>
    answered<string>(select<string>({ message, initialValue, options: names.map((value) => ({ value })) })).then(
      (name) => oneOf(message, name, names),
    );
  const write = (message: string, initialValue: string): Promise<string> =>
    answered<string>(text({ message, initialValue }));
  const name = await write("What is the system called?", guess.name);
  const target = await choose("Where does production run?", guess.target, TARGETS);
  const provider = target === "compose" ? guess.provider : await choose("Whose Kubernetes?", guess.provider, PROVIDERS);
  const host = await write("Public host name (empty: private)", guess.host ?? "");
  const image = await write("The server's image, without a digest", guess.image);
  return { name, target, provider, host: host === "" ? undefined : host, image };
}
