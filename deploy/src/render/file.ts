/** A file to be written, its path relative to the output folder and with `/`. */
export interface RenderedFile {
  readonly path: string;
  readonly text: string;
}
