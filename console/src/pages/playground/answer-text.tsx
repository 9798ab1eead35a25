import { memo, useMemo } from "react";
import { CodeBlock } from "#ui/code-block.tsx";
import styles from "./answer-text.module.css";
import { splitSegments } from "./segments.ts";

/** An answer as text, as the model wrote it, with its code fences set apart. Nothing in it is ever read as HTML. */
export function AnswerText({ text }: { readonly text: string }) {
  const segments = useMemo(() => splitSegments(text), [text]);
  return segments.map((segment, index) =>
    // A segment never changes its place while an answer grows.
    segment.kind === "code" ? (
      <Code key={index} language={segment.language} text={segment.text} />
    ) : (
      <Prose key={index} text={segment.text} />
    ),
  );
}

const Code = memo(function Code({ language, text }: { readonly language: string; readonly text: string }) {
  return <CodeBlock label={language} text={text} />;
});

const Prose = memo(function Prose({ text }: { readonly text: string }) {
  return <p className={styles.prose}>{text}</p>;
});
