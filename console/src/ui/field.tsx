import {
  useId,
  type InputHTMLAttributes,
  type Ref,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from "react";
import styles from "./field.module.css";
import { Icon } from "./icon.tsx";

interface FieldText {
  readonly label: string;
  /** True when what stands around the control says the same to those who see it. */
  readonly labelHidden?: boolean;
  /** One sentence under the control. */
  readonly hint?: ReactNode;
  /** What is wrong with the value, under the control. */
  readonly error?: string | undefined;
}

/** The hint and the error under a control, and what the control says of them. */
function useNotes(id: string, { hint, error }: Pick<FieldText, "hint" | "error">, errorElsewhere?: string) {
  const ids = [
    hint === undefined ? "" : `${id}-hint`,
    error === undefined ? "" : `${id}-error`,
    errorElsewhere ?? "",
  ].filter((part) => part !== "");
  const said = {
    "aria-invalid": error !== undefined || errorElsewhere !== undefined,
    "aria-describedby": ids.length === 0 ? undefined : ids.join(" "),
  };
  const notes = (
    <>
      {error === undefined ? null : (
        <p id={`${id}-error`} className={styles.error} role="alert">
          {error}
        </p>
      )}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
    </>
  );
  return { said, notes };
}

interface TextFieldProps extends FieldText, InputHTMLAttributes<HTMLInputElement> {
  /** Id of an element elsewhere that says what is wrong with the value. */
  readonly errorId?: string | undefined;
  /** Set as words are, and not as keys and names of machines. */
  readonly prose?: boolean;
  readonly ref?: Ref<HTMLInputElement>;
}

/** One line of text with its label. */
export function TextField({
  label,
  labelHidden = false,
  hint,
  error,
  errorId,
  prose = false,
  ref,
  ...rest
}: TextFieldProps) {
  const id = useId();
  const { said, notes } = useNotes(id, { hint, error }, errorId);
  return (
    <div className={styles.field}>
      <label className={labelHidden ? "visually-hidden" : styles.label} htmlFor={id}>
        {label}
      </label>
      <input
        {...rest}
        {...said}
        ref={ref}
        id={id}
        className={[styles.control, prose ? "" : `${styles.large} ${styles.mono}`].join(" ")}
      />
      {notes}
    </div>
  );
}

/** Several lines of text with their label. */
export function TextArea({
  label,
  labelHidden = false,
  hint,
  error,
  ...rest
}: FieldText & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  const { said, notes } = useNotes(id, { hint, error });
  return (
    <div className={styles.field}>
      <label className={labelHidden ? "visually-hidden" : styles.label} htmlFor={id}>
        {label}
      </label>
      <textarea {...rest} {...said} id={id} className={[styles.control, styles.area].join(" ")} />
      {notes}
    </div>
  );
}

/** Options under one heading. */
export interface OptionGroup {
  readonly label: string;
  readonly options: readonly string[];
}

interface SelectFieldProps extends FieldText, SelectHTMLAttributes<HTMLSelectElement> {
  readonly groups: readonly OptionGroup[];
}

/** One choice out of grouped options, by the browser's own control. */
export function SelectField({ label, labelHidden = false, hint, groups, ...rest }: SelectFieldProps) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label className={labelHidden ? "visually-hidden" : styles.label} htmlFor={id}>
        {label}
      </label>
      <span className={styles.select}>
        <select
          {...rest}
          id={id}
          className={[styles.control, styles.mono].join(" ")}
          aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        >
          {groups.map((group) => (
            <optgroup key={group.label} label={group.label}>
              {group.options.map((option) => (
                <option key={option} value={option}>
                  {option}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
        <Icon name="chevron" />
      </span>
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  );
}
