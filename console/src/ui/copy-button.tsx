import { useEffect, useRef, useState } from "react";
import { Button, RoomyLabel, type ButtonSize, type ButtonTone } from "./button.tsx";
import styles from "./copy-button.module.css";
import { Dialog, DialogClose } from "./dialog.tsx";
import { Icon, type IconName } from "./icon.tsx";

/** How long the button says that it has copied. */
const SAID_MS = 2000;

interface CopyButtonProps {
  readonly label: string;
  /** What is copied, for those who do not see what the button stands beside. */
  readonly what?: string;
  readonly text: () => string;
  readonly tone?: ButtonTone;
  readonly size?: ButtonSize;
  readonly icon?: IconName;
  readonly disabled?: boolean;
  /** On a narrow screen, only the icon is seen. */
  readonly roomy?: boolean;
}

/**
 * Copies a text. Browsers give pages the clipboard only over https or on this machine; elsewhere the text is shown selected, to be
 * copied by hand.
 */
export function CopyButton({
  label,
  what,
  text,
  tone = "quiet",
  size = "normal",
  icon = "copy",
  disabled,
  roomy = false,
}: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  const [byHand, setByHand] = useState<string>();
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = async (): Promise<void> => {
    const value = text();
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
    } catch {
      setByHand(value);
    }
  };

  const said = copied ? "Copied" : label;
  return (
    <>
      <Button tone={tone} size={size} disabled={disabled} onClick={() => void copy()}>
        <Icon name={copied ? "check" : icon} />
        <span aria-live="polite">{roomy ? <RoomyLabel>{said}</RoomyLabel> : said}</span>
        {what === undefined ? null : <span className="visually-hidden"> {what}</span>}
      </Button>
      {byHand === undefined ? null : <CopyByHand text={byHand} onClose={() => setByHand(undefined)} />}
    </>
  );
}

function CopyByHand({ text, onClose }: { readonly text: string; readonly onClose: () => void }) {
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => area.current?.select(), []);
  return (
    <Dialog title="Copy this text" wide onClose={onClose}>
      <textarea ref={area} className={styles.text} rows={10} readOnly value={text} aria-label="Text to copy" />
      <div className={styles.close}>
        <DialogClose tone="primary">Close</DialogClose>
      </div>
    </Dialog>
  );
}
