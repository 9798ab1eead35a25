import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { type Plugin, rolldown } from "rolldown";

/** What a bundle is made of and where it goes. */
export interface Bundle {
  /** The checkout. */
  readonly root: string;
  /** The program's first file, absolute. */
  readonly entry: string;
  /** Where its chunks and their source maps are written; the first to run is `main.mjs`. */
  readonly folder: string;
}

/** Files, absolute. */
export interface Bundled {
  /** Every file that was read for it. */
  readonly sources: readonly string[];
  /** What was written and is run. */
  readonly chunks: readonly string[];
}

const PLACE = /\bimport\.meta\.(dirname|filename|url)\b/g;

/** A source asks where it stands to find other files of the checkout: that is where its source is, not where its chunk is. */
const PLACES: Plugin = {
  name: "places",
  transform: {
    filter: { code: /\bimport\.meta\.(?:dirname|filename|url)\b/ },
    handler(code, id) {
      const places: Readonly<Record<string, string>> = {
        dirname: dirname(id),
        filename: id,
        url: pathToFileURL(id).href,
      };
      return { code: code.replaceAll(PLACE, (_, name: string) => JSON.stringify(places[name])), map: null };
    },
  },
};

/**
 * Bundles a program with the packages that it uses, a chunk for what is always loaded together, so that what is loaded when it
 * is asked for stays so. Throws what rolldown throws, warnings that a module could not be found included.
 */
export async function bundle({ root, entry, folder }: Bundle): Promise<Bundled> {
  const build = await rolldown({
    input: { main: entry },
    cwd: root,
    platform: "node",
    tsconfig: false,
    plugins: [PLACES],
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
    const files = await build.watchFiles;
    return {
      sources: [...new Set(files)].sort(),
      chunks: output.filter(({ type }) => type === "chunk").map(({ fileName }) => `${folder}/${fileName}`),
    };
  } finally {
    await build.close();
  }
}
