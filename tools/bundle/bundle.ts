import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { type Plugin, rolldown } from "rolldown";

/** What a bundle is made of and where it goes. */
export interface Bundle {
  /** The checkout. */
  readonly root: string;
  /** The program's first file, absolute. */
  readonly entry: string;
  /** Where its chunks and their source maps are written; the first to run is `main.mjs`. */
  readonly folder: string;
  /** Packages that are left where they are and loaded from there. */
  readonly external?: readonly string[];
  /** Texts that are taken in place of modules, by their absolute paths; each of them must be met. */
  readonly instead?: ReadonlyMap<string, string>;
}

/** Files, absolute. */
export interface Bundled {
  /** Every file that was read for it. */
  readonly sources: readonly string[];
  /** What was written and is run. */
  readonly chunks: readonly string[];
}

const PLACE = /\bimport\.meta\.(dirname|filename|url)\b/g;
const PROGRAM = /new URL\("(\.[^"]+\.ts)", import\.meta\.url\)/g;
const RESOLVED = /\bimport\.meta\.resolve\("([^"]+\.ts)"\)/g;

/**
 * A source asks where it stands to find other files of the checkout: that is where its source is, seen from where its chunk is, as
 * all chunks lie in one folder. Modules that it names to run or load them (threads, child processes, what plugins import) become
 * chunks of their own.
 */
function places(folder: string): Plugin {
  return {
    name: "places",
    transform: {
      // Modules of the bundler's own, whose names begin with a zero byte, stand nowhere.
      filter: { id: /^[^\0]/, code: /\bimport\.meta\.(?:dirname|filename|url|resolve)\b/ },
      async handler(code, id) {
        const emitted = new Map<string, string>();
        const emit = (path: string): string => {
          const reference = this.emitFile({ type: "chunk", id: path });
          return `import.meta.ROLLUP_FILE_URL_${reference}`;
        };
        for (const [written, path = ""] of code.matchAll(PROGRAM)) {
          const program = resolve(dirname(id), path);
          if (existsSync(program)) emitted.set(written, `new URL(${emit(program)})`);
        }
        for (const [written, specifier = ""] of code.matchAll(RESOLVED)) {
          const found = await this.resolve(specifier, id);
          if (found !== null) emitted.set(written, emit(found.id));
        }
        let text = code;
        for (const [written, now] of emitted) text = text.replaceAll(written, now);
        // No import, whose name the source could have taken.
        const seen = (path: string) =>
          `process.getBuiltinModule("node:path").join(import.meta.dirname, ${JSON.stringify(relative(folder, path))})`;
        const placed: Readonly<Record<string, string>> = {
          dirname: seen(dirname(id)),
          filename: seen(id),
          url: `new URL(${JSON.stringify(relative(folder, id))}, import.meta.url).href`,
        };
        return { code: text.replaceAll(PLACE, (_, name: string) => placed[name] ?? ""), map: null };
      },
    },
  };
}

function replaced(texts: ReadonlyMap<string, string>, met: Set<string>): Plugin {
  return {
    name: "instead",
    load(id) {
      const code = texts.get(id);
      if (code === undefined) return null;
      met.add(id);
      return { code, moduleType: "ts" };
    },
  };
}

/**
 * Bundles a program with the packages that it uses, a chunk for what is always loaded together, so that what is loaded when it
 * is asked for stays so. Throws what rolldown throws, warnings that a module could not be found included, and when a module of `instead`
 * is not among those that were read.
 */
export async function bundle({ root, entry, folder, external = [], instead = new Map() }: Bundle): Promise<Bundled> {
  const met = new Set<string>();
  const build = await rolldown({
    input: { main: entry },
    cwd: root,
    platform: "node",
    tsconfig: false,
    external: external.map((name) => new RegExp(`^${name}(/|$)`)),
    plugins: [places(folder), replaced(instead, met)],
    onLog(_level, { code, message }) {
      if (code === "UNRESOLVED_IMPORT") throw new Error(message);
    },
  });
  try {
    const { output } = await build.write({
      dir: folder,
      format: "esm",
      entryFileNames: "[name].mjs",
      chunkFileNames: "[name]-[hash].mjs",
      // Node would read a map for every chunk at the start: they are found by name when an error is told (traces.ts).
      sourcemap: "hidden",
      sourcemapExcludeSources: true,
    });
    const missed = [...instead.keys()].filter((path) => !met.has(path));
    if (missed.length > 0) throw new Error(`No module of the program: ${missed.join(", ")}`);
    const files = await build.watchFiles;
    return {
      sources: [...new Set(files)].sort(),
      chunks: output.filter(({ type }) => type === "chunk").map(({ fileName }) => `${folder}/${fileName}`),
    };
  } finally {
    await build.close();
  }
}
