import styles from "./code-block.module.css";
import { CopyButton } from "./copy-button.tsx";

interface CodeBlockProps {
  /** Name of the language or the file; shown, not interpreted. */
  readonly label: string;
  readonly text: string;
}

/** Code as it is, scrolled sideways when it is wide. Focusable, because a keyboard could not scroll it otherwise. */
export function CodeBlock({ label, text }: CodeBlockProps) {
  const name = label === "" ? "code" : label;
  return (
    <div className={styles.block}>
      <div className={styles.bar}>
        <span>{name}</span>
        <CopyButton label="Copy" what={name} text={() => text} size="small" />
      </div>
      <section className={styles.scroll} tabIndex={0} aria-label={`${name} block`}>
        <pre className={styles.code}>
          <code>{text}</code>
        </pre>
      </section>
    </div>
  );
}
