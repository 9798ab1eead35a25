import type { YamlProblem } from "@slipway/contracts/spec/read-yaml.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import { type ConfigFile, type ConfigFileSettings, readConfigFile, readConfigFileAgain } from "./config-file.ts";
import { watchFile } from "./watch-file.ts";

/** Who puts sections of `slipway.yaml` in force. */
export interface FileSections {
  /** What is wrong in them that their schema cannot see, by paths from the top of the file. */
  problems(found: ConfigFile): readonly YamlProblem[];
  /** Puts them in force, whatever they are; undefined when there is no file. Never throws. */
  take(found: ConfigFile | undefined): void;
}

interface FollowOptions {
  readonly file: ConfigFileSettings;
  readonly sections: readonly FileSections[];
  readonly log: Logger;
}

const TIMING = { settleMs: 50, pollMs: 1000 };

/** All of the file comes into force at once, or nothing of it: one part of a change without the other was wanted by nobody. */
function takeWhole(found: ConfigFile | undefined, sections: readonly FileSections[]): void {
  const problems = found ? sections.flatMap((section) => section.problems(found)) : [];
  if (found && problems.length > 0) throw found.read.error(problems);
  for (const section of sections) section.take(found);
}

/**
 * Puts the file in force and watches it: that of the start must be right, later a wrong one is told and changes nothing.
 * Throws `config_invalid` when the file is wrong now.
 */
export async function followFile({ file, sections, log }: FollowOptions): Promise<{ close(): void }> {
  takeWhole(await readConfigFile(file), sections);
  return watchFile(file.path, TIMING, async () => {
    try {
      const found = await readConfigFileAgain(file);
      takeWhole(found, sections);
      log.info({ version: found?.version ?? "" }, "the configuration file is in force");
    } catch (error) {
      log.error(
        { error: describeError(error) },
        "the configuration file cannot be taken; what was in force before stays so",
      );
    }
  });
}
