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
}

interface TextFieldProps extends FieldText, InputHTMLAttributes<HTMLInputElement> {
  /** Id of an element elsewhere that says what is wrong with the value. */
  readonly errorId?: string | undefined;
  readonly ref?: Ref<HTMLInputElement>;
}

/** One line of text with its label. */
export function TextField({ label, labelHidden = false, hint, errorId, ref, ...rest }: TextFieldProps) {
  const id = useId();
  const described = [hint === undefined ? "" : `${id}-hint`, errorId ?? ""].filter((part) => part !== "").join(" ");
  return (
    <div className={styles.field}>
      <label className={labelHidden ? "visually-hidden" : styles.label} htmlFor={id}>
        {label}
      </label>
      <input
        {...rest}
        ref={ref}
        id={id}
        className={[styles.control, styles.large, styles.mono].join(" ")}
        aria-invalid={errorId !== undefined}
        aria-describedby={described === "" ? undefined : described}
      />
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** Several lines of text with their label. */
export function TextArea({
  label,
  labelHidden = false,
  hint,
  ...rest
}: FieldText & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label className={labelHidden ? "visually-hidden" : styles.label} htmlFor={id}>
        {label}
      </label>
      <textarea
        {...rest}
        id={id}
        className={[styles.control, styles.area].join(" ")}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      />
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
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
